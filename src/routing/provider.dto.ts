import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { OPERATIONS } from '../conversion/operations.js';
import { oneOf } from '../conversion/places.js';
import { BREAKER_STATES } from './breaker.js';
import { PROVIDER_STATES, type ProviderState } from './standing.js';

const ABOUT_STATE = '`enabled`; `draining`: no new attempts, those that run end; `disabled`: the same, and jobs that were planned there and have not begun are planned anew.';
const NAMES = [...OPERATIONS.keys()];
const BREAKERS = Object.keys(BREAKER_STATES);

export class ChangeProviderRequest {
  @ApiProperty({ description: ABOUT_STATE, enum: PROVIDER_STATES, example: 'disabled' })
  @IsIn(PROVIDER_STATES, { message: `Must be ${oneOf(PROVIDER_STATES)}.` })
  state!: ProviderState;

  @ApiProperty({ description: 'Only for this operation; without it for the provider as a whole.', enum: NAMES, required: false, example: 'ocr' })
  @IsOptional()
  @IsIn(NAMES, { message: 'There is no such operation.' })
  operation?: string;
}

export class BreakerView {
  @ApiProperty({ description: '`closed`: work goes there; `open`: none does, unless a job has nobody else; `half_open`: one attempt is let through, to see whether it works again.', enum: BREAKERS })
  state!: string;

  @ApiProperty({ description: 'Since when; null where it was never in another state.', type: String, format: 'date-time', nullable: true })
  since!: string | null;

  @ApiProperty({ description: 'Why, in a sentence; null where it was never in another state.', type: String, nullable: true })
  reason!: string | null;
}

export class ProviderOperationView {
  @ApiProperty({ description: 'What an operator said of this operation. The provider\'s own state counts besides.', enum: PROVIDER_STATES })
  state!: string;

  @ApiProperty({ description: 'The breaker of this operation. The provider\'s own counts besides.', type: () => BreakerView })
  breaker!: BreakerView;
}

export class ProviderLimitsView {
  @ApiProperty({ description: 'How many attempts may be under way there at once, by all processes; null: no limit is set.', type: 'integer', nullable: true })
  maxConcurrent!: number | null;

  @ApiProperty({ description: 'How many its answers of 429 taught to have under way there at once; it grows again, and goes. Null: nothing was learned. The lower of both counts.', type: 'integer', nullable: true })
  learnedCeiling!: number | null;

  @ApiProperty({ description: 'It answered 429, and no attempt begins there before; null: it may be asked.', type: String, format: 'date-time', nullable: true })
  pausedUntil!: string | null;

  @ApiProperty({ description: 'Parts of jobs that wait for room there, counted to 10000. The tenants take turns.', type: 'integer' })
  waiting!: number;
}

export class ProviderLatencyView {
  @ApiProperty({ description: 'So many attempts are looked at: the latest that succeeded within a day, at most 500.', type: 'integer' })
  samples!: number;

  @ApiProperty({ description: 'How long half of them took at the most, in milliseconds.', type: 'integer' })
  p50Ms!: number;

  @ApiProperty({ description: 'How long 19 of 20 took at the most, in milliseconds.', type: 'integer' })
  p95Ms!: number;
}

export class ProviderCreditsView {
  @ApiProperty({ description: 'The operation; "*" is any, as without.', required: false })
  operation?: string;

  @ApiProperty({ description: 'The format of the file that goes in.', required: false })
  from?: string;

  @ApiProperty({ description: 'The format of the result.', required: false })
  to?: string;

  @ApiProperty({ description: 'The kind of the result.', required: false })
  category?: string;

  @ApiProperty({ description: 'Credits a file.', required: false })
  credits?: number;

  @ApiProperty({ description: 'Credits a minute.', required: false })
  creditsPerMinute?: number;
}

export class ProviderPricingView {
  @ApiProperty({ description: 'ISO 4217.', example: 'USD' })
  currency!: string;

  @ApiProperty({ description: 'What one credit costs, a decimal number.', example: '0.0200' })
  perCredit!: string;

  @ApiProperty({ description: 'The configured table; the first row that matches counts.', type: () => [ProviderCreditsView] })
  credits!: ProviderCreditsView[];
}

export class ProviderTransitionView {
  @ApiProperty({ description: 'When.', format: 'date-time' })
  at!: string;

  @ApiProperty({ description: 'What changed: the state, by an operator, or the breaker.', enum: ['state', 'breaker'] })
  what!: string;

  @ApiProperty({ description: 'Of which operation; null: of the provider as a whole.', type: String, nullable: true })
  operation!: string | null;

  @ApiProperty({ description: 'What it was.' })
  from!: string;

  @ApiProperty({ description: 'What it became.' })
  to!: string;

  @ApiProperty({ description: 'Why, in a sentence.' })
  reason!: string;
}

@ApiExtraModels(ProviderOperationView)
export class ProviderView {
  @ApiProperty({ description: 'Its id.', example: 'vendor-eu' })
  id!: string;

  @ApiProperty({ description: 'The adapter that speaks to its vendor.' })
  adapter!: string;

  @ApiProperty({ description: ABOUT_STATE, enum: PROVIDER_STATES })
  state!: string;

  @ApiProperty({ description: 'Its breaker.', type: () => BreakerView })
  breaker!: BreakerView;

  @ApiProperty({ description: 'Each operation that it offers.', type: 'object', additionalProperties: { $ref: getSchemaPath(ProviderOperationView) } })
  operations!: Record<string, ProviderOperationView>;

  @ApiProperty({ description: 'Attempts that are under way there, by all processes.', type: 'integer' })
  running!: number;

  @ApiProperty({ description: 'What bounds it.', type: () => ProviderLimitsView })
  limits!: ProviderLimitsView;

  @ApiProperty({ description: 'How long its attempts took; null where none succeeded within a day.', type: () => ProviderLatencyView, nullable: true })
  latency!: ProviderLatencyView | null;

  @ApiProperty({ description: 'Its price table; null where none is configured.', type: () => ProviderPricingView, nullable: true })
  pricing!: ProviderPricingView | null;

  @ApiProperty({ description: 'The last changes of its state and of its breakers, newest first, at most ten.', type: () => [ProviderTransitionView] })
  transitions!: ProviderTransitionView[];
}

export class ProviderListView {
  @ApiProperty({ description: 'Every configured provider, in the order that settles ties.', type: () => [ProviderView] })
  data!: ProviderView[];

  @ApiProperty({ description: 'Always null: there is one page.', type: String, nullable: true })
  nextCursor!: string | null;
}
