import { ApiProperty } from '@nestjs/swagger';
import { ERROR_KINDS, JOB_ERROR_CODES } from '../../conversion/errors.js';
import { MoneyView } from '../../http/money.view.js';
import { ATTEMPT_STATES, JOB_STATUSES, STEP_STATES } from '../states.js';
import { ExportView } from './export-view.dto.js';
import { LossView } from './loss-view.dto.js';
import { InputView } from './input-view.dto.js';
import { WebhookView } from './webhook-view.dto.js';

/** What callers get. These classes only document; `job-view.ts` makes what they describe, and a test holds the two together. */

export class JobErrorView {
  @ApiProperty({ description: 'What ended the job.', enum: JOB_ERROR_CODES })
  code!: string;

  @ApiProperty({ description: 'What failed, why, and what can be done.' })
  message!: string;

  @ApiProperty({ description: 'Whether the same job may succeed later without a change.' })
  retryable!: boolean;
}

export class StepView {
  @ApiProperty({ description: 'Name of the step within the job.', example: 'png' })
  id!: string;

  @ApiProperty({ description: 'The operation; its parameters stand beside it, as they were given.', example: 'convert' })
  operation!: string;

  @ApiProperty({ description: 'Inputs and steps whose files it takes.', type: [String] })
  inputs!: string[];

  @ApiProperty({ description: 'Options in the gateway\'s words.', type: 'object', additionalProperties: true })
  options!: Record<string, unknown>;

  @ApiProperty({ description: 'Options in the providers\' own words, by adapter.', type: 'object', additionalProperties: true })
  providerOptions!: Record<string, unknown>;

  @ApiProperty({ description: 'How it stands.', enum: Object.keys(STEP_STATES) })
  status!: string;

  @ApiProperty({ description: 'The provider that runs it, or ran it.', type: String, nullable: true })
  provider!: string | null;
}

export class OutputView {
  @ApiProperty({ description: 'The output\'s id.', format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'The step that made it.' })
  step!: string;

  @ApiProperty({ description: 'A file name.', example: 'photo.png' })
  filename!: string;

  @ApiProperty({ description: 'Its media type.', example: 'image/png' })
  contentType!: string;

  @ApiProperty({ description: 'In bytes.' })
  size!: number;

  @ApiProperty({ description: '"sha256:" and the hash in hex.', type: String, nullable: true })
  checksum!: string | null;

  @ApiProperty({ description: 'Where to download it, with the API key.', format: 'uri' })
  url!: string;

  @ApiProperty({ description: 'Until when it is kept.', type: String, format: 'date-time', nullable: true })
  expiresAt!: string | null;
}

export class AttemptErrorView {
  @ApiProperty({ description: 'The kind of failure, which decides what follows.', enum: ERROR_KINDS })
  kind!: string;

  @ApiProperty({ description: 'The provider\'s own code, where it has one.', type: String, nullable: true })
  code!: string | null;

  @ApiProperty({ description: 'For an operator.' })
  message!: string;
}

export class AttemptView {
  @ApiProperty({ description: 'The attempt\'s id.', format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'The provider where it ran.' })
  provider!: string;

  @ApiProperty({ description: 'The provider\'s id of its job, once there is one.', type: String, nullable: true })
  providerJobId!: string | null;

  @ApiProperty({ description: 'The stage of the plan that it tries.', format: 'uuid' })
  stage!: string;

  @ApiProperty({ description: 'The steps of that stage.', type: [String] })
  steps!: string[];

  @ApiProperty({ description: 'How it stands.', enum: Object.keys(ATTEMPT_STATES) })
  status!: string;

  @ApiProperty({ description: 'When it began.', format: 'date-time' })
  startedAt!: string;

  @ApiProperty({ description: 'When it ended.', type: String, format: 'date-time', nullable: true })
  endedAt!: string | null;

  @ApiProperty({ description: 'What the provider charged, where it told and a price is configured.', type: () => MoneyView, nullable: true })
  cost!: MoneyView | null;

  @ApiProperty({ description: 'Why it failed.', type: () => AttemptErrorView, nullable: true })
  error!: AttemptErrorView | null;
}

export class JobView {
  @ApiProperty({ description: 'The job\'s id (UUIDv7).', format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'How the job stands; completed, failed and canceled are final.', enum: JOB_STATUSES })
  status!: string;

  @ApiProperty({ description: '0 to 100.', minimum: 0, maximum: 100 })
  progress!: number;

  @ApiProperty({ description: 'Why it failed.', type: () => JobErrorView, nullable: true })
  error!: JobErrorView | null;

  @ApiProperty({ description: 'What goes in.', type: () => [InputView] })
  inputs!: InputView[];

  @ApiProperty({ description: 'What is done, each after what it consumes.', type: () => [StepView] })
  steps!: StepView[];

  @ApiProperty({ description: 'Deliveries to stores of the caller\'s.', type: () => [ExportView] })
  exports!: ExportView[];

  @ApiProperty({ description: 'The results that no step consumes.', type: () => [OutputView] })
  outputs!: OutputView[];

  @ApiProperty({ description: 'Every try, oldest first.', type: () => [AttemptView] })
  attempts!: AttemptView[];

  @ApiProperty({ description: 'The caller\'s wishes, with their defaults.', type: 'object', additionalProperties: true })
  routing!: Record<string, unknown>;

  @ApiProperty({ description: 'Where the job\'s events are sent; its secret never comes back.', type: () => WebhookView, nullable: true })
  webhook!: WebhookView | null;

  @ApiProperty({ description: 'How long results are kept after the end.', example: 'PT24H' })
  retention!: string;

  @ApiProperty({ description: 'The caller\'s own word.', type: String, nullable: true })
  tag!: string | null;

  @ApiProperty({ description: 'The caller\'s own texts.', type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Record<string, string>;

  @ApiProperty({ description: 'What is known to have been spent, all attempts together.', type: () => MoneyView })
  cost!: MoneyView;

  @ApiProperty({ description: 'Options and parameters that are not followed exactly where their step runs.', type: () => [LossView] })
  losses!: LossView[];

  @ApiProperty({ description: 'The job that this one retries.', type: String, nullable: true })
  retryOf!: string | null;

  @ApiProperty({ description: 'When it was taken in.', format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ description: 'When the first attempt began.', type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;

  @ApiProperty({ description: 'When it ended.', type: String, format: 'date-time', nullable: true })
  endedAt!: string | null;
}

export class JobListView {
  @ApiProperty({ description: 'Jobs, newest first.', type: () => [JobView] })
  data!: JobView[];

  @ApiProperty({ description: 'Send it as `cursor` for the next page; null at the end.', type: String, nullable: true })
  nextCursor!: string | null;
}

export class EventView {
  @ApiProperty({ description: 'Number of the event within its job, from 1.' })
  sequence!: number;

  @ApiProperty({ description: 'What happened.', example: 'attempt.submitting' })
  type!: string;

  @ApiProperty({ description: 'When.', format: 'date-time' })
  at!: string;

  @ApiProperty({ description: 'What brought it about.', enum: ['caller', 'timer', 'poll', 'callback', 'operator'] })
  cause!: string;

  @ApiProperty({ description: 'More about it, by type.', type: 'object', additionalProperties: true })
  detail!: Record<string, unknown>;
}

export class EventListView {
  @ApiProperty({ description: 'Events, oldest first.', type: () => [EventView] })
  data!: EventView[];

  @ApiProperty({ description: 'Send it as `cursor` for the next page; null at the end.', type: String, nullable: true })
  nextCursor!: string | null;
}
