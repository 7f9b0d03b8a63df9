import type { JobBody, RoutingBody, StepBody } from '../../conversion/job-body.js';
import { STRATEGIES, WEBHOOK_EVENTS } from '../../conversion/job-graph.js';
import { OPERATIONS } from '../../conversion/operations.js';
import { Choice, Flag, FreeObject, Id, Nested, NestedList, Text, Texts, Whole } from '../../http/fields.js';
import { StringMap } from './string-map.js';
import { ExportDto, InputDto } from './place.dto.js';

export class StepDto implements StepBody {
  @Id({ about: 'Name of this step within the job. Default: "step-1", …', optional: true, example: 'png' })
  id?: string;

  @Text({ about: `What to do: ${[...OPERATIONS.keys()].join(', ')}.`, max: 64, example: 'convert' })
  operation!: string;

  @Texts({ about: 'Ids of inputs and steps whose files this step takes. Default: all inputs for the first step, the previous step\'s results for the others.', maxItems: 200, maxLength: 64, optional: true })
  inputs?: string[];

  @Text({ about: 'The target format (convert, merge, archive, thumbnail, capture, ocr), or the kind of checksum (hash).', max: 40, optional: true, example: 'png' })
  to?: string;

  @Text({ about: 'convert: the source format, where the file name does not tell it.', max: 40, optional: true })
  from?: string;

  @Text({ about: 'compress: how hard: "low", "medium" or "high".', max: 16, optional: true })
  level?: string;

  @Text({ about: 'capture: the page\'s address.', max: 8192, optional: true })
  url?: string;

  @Text({ about: 'ocr: the text\'s language (ISO 639-2).', max: 16, optional: true })
  language?: string;

  @Text({ about: 'watermark: the text to write.', max: 1000, optional: true })
  text?: string;

  @Whole({ about: 'thumbnail, resize: width in pixels.', min: 1, max: 32_768, optional: true })
  width?: number;

  @Whole({ about: 'thumbnail, resize: height in pixels.', min: 1, max: 32_768, optional: true })
  height?: number;

  @FreeObject({ about: 'Options of the operation, in the gateway\'s words.', optional: true, example: { quality: 80 } })
  options?: Record<string, unknown>;

  @FreeObject({ about: 'Options in one provider\'s own words, by adapter; passed through untouched.', optional: true })
  providerOptions?: Record<string, Record<string, unknown>>;
}

export class MoneyDto {
  @Text({ about: 'A decimal number.', max: 20, pattern: /^\d{1,12}(\.\d{1,8})?$/, shape: 'Must be a decimal number such as "0.05".', example: '0.05' })
  amount!: string;

  @Text({ about: 'ISO 4217.', max: 3, pattern: /^[A-Z]{3}$/, shape: 'Must be a currency code such as "USD".', example: 'USD' })
  currency!: string;
}

const STRATEGIES_SAID =
  'How to choose among the providers that can do it. cheapest (the default): the lowest price, what failures cost on the average included. fastest: the fewest seconds expected. '
  + 'most-reliable: the fewest failures, then the price. balanced: price, speed and reliability, weighed as the operator says. priority: as the operator ordered them. '
  + 'weighted: drawn by the providers\' weights, by what the job\'s body says, so that the same job is always drawn alike.';

export class RoutingDto implements RoutingBody {
  @Choice({ about: STRATEGIES_SAID, of: STRATEGIES, optional: true })
  strategy?: string;

  @Texts({ about: 'Only these providers.', maxItems: 50, maxLength: 64, optional: true })
  only?: string[];

  @Texts({ about: 'Not these providers.', maxItems: 50, maxLength: 64, optional: true })
  exclude?: string[];

  @Texts({ about: 'These providers first, in this order, where they can do it.', maxItems: 50, maxLength: 64, optional: true })
  prefer?: string[];

  @Texts({ about: 'Only providers in one of these regions.', maxItems: 50, maxLength: 64, optional: true })
  regions?: string[];

  @Nested({ about: 'The most that the job may cost, failed attempts included. Providers without a price are left out.', of: MoneyDto, optional: true, nullable: true })
  maxCost?: MoneyDto | null;

  @Whole({ about: 'Tries of any one stage of the job. Default 4.', min: 1, max: 20, optional: true })
  maxAttempts?: number;

  @Whole({ about: 'Seconds from `queued` until the job fails with deadline_exceeded. Default 3600.', min: 1, max: 604_800, optional: true })
  deadlineSeconds?: number;

  @Flag({ about: 'Leave out every provider that would not follow every option exactly.', optional: true })
  strict?: boolean;

  @Text({ about: 'The id of a quote to keep to: its providers, and no higher price. It must be of the same steps, and not expired.', max: 64, optional: true, nullable: true })
  quoteId?: string | null;
}

export class WebhookDto {
  @Text({ about: 'Where the job\'s events are sent.', max: 2048, example: 'https://caller.example/hook' })
  url!: string;

  @Texts({ about: `Which events: ${WEBHOOK_EVENTS.join(', ')}. None means all.`, maxItems: 20, maxLength: 64, optional: true, example: ['job.completed', 'job.failed'] })
  events?: string[];

  @Text({ about: 'The secret that signs them: "whsec_" and 24 to 64 bytes in base64. Without it the tenant\'s signs. Never comes back.', max: 255, optional: true })
  secret?: string;
}

export class JobRequestDto implements JobBody {
  @NestedList({ about: 'The files that go in. May be empty for capture.', of: InputDto, maxItems: 100, example: [{ type: 'url', url: 'https://example.com/photo.jpg' }] })
  inputs!: InputDto[];

  @NestedList({ about: 'What to do, as a graph of steps.', of: StepDto, maxItems: 64, example: [{ operation: 'convert', to: 'png' }] })
  steps!: StepDto[];

  @NestedList({ about: 'Where results are delivered, in stores of the caller\'s.', of: ExportDto, maxItems: 64, optional: true, example: [] })
  exports?: ExportDto[];

  @Nested({ about: 'Wishes about who runs the job.', of: RoutingDto, optional: true, example: { maxAttempts: 4 } })
  routing?: RoutingDto;

  @Nested({ about: 'Where the job\'s events are sent.', of: WebhookDto, optional: true, nullable: true, example: null })
  webhook?: WebhookDto | null;

  @Text({ about: 'How long results are kept after the job ended: an ISO 8601 duration. Default "PT24H".', max: 32, optional: true, example: 'PT24H' })
  retention?: string;

  @Text({ about: 'A word of your own, to find jobs by.', max: 128, optional: true, nullable: true, example: 'invoice-42' })
  tag?: string | null;

  @StringMap({ about: 'Anything of your own, as text; comes back as it was.', maxEntries: 50, maxLength: 500, optional: true, example: { order: '42' } })
  metadata?: Record<string, string>;
}
