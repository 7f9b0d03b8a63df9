import { ApiProperty } from '@nestjs/swagger';
import { STRATEGIES } from '../../conversion/job-graph.js';
import { BASES } from '../../routing/pricing.js';
import { MoneyView } from '../../http/money.view.js';
import { LossView } from './loss-view.dto.js';

export class ReasonView {
  @ApiProperty({ description: 'The reason for programs: not_in_only, excluded, region, not_quoted, tried, capability, input, export, option, losses, max_cost, budget.', example: 'capability' })
  code!: string;

  @ApiProperty({ description: 'The reason for people.' })
  message!: string;
}

export class CostRangeView {
  @ApiProperty({ description: 'The least that it may cost.', type: () => MoneyView })
  min!: MoneyView;

  @ApiProperty({ description: 'The most; its amount is null where nobody can tell before it ran.', type: () => MoneyView })
  max!: MoneyView;
}

export class ProviderQuoteView {
  @ApiProperty({ description: 'The provider.', example: 'fast' })
  provider!: string;

  @ApiProperty({ description: 'Whether it may and can run all of the steps.' })
  eligible!: boolean;

  @ApiProperty({ description: 'Why not; empty where it is eligible.', type: () => [ReasonView] })
  reasons!: readonly ReasonView[];

  @ApiProperty({ description: 'What all of the steps would cost there; the amount is null where that is not known.', type: () => MoneyView })
  cost!: MoneyView;

  @ApiProperty({ description: 'From the least to the most that it may cost; null where the cost is not known.', type: () => CostRangeView, nullable: true })
  costRange!: CostRangeView | null;

  @ApiProperty({ description: 'Where the price comes from: the operator\'s override, the vendor\'s own catalogue, what work really cost, the operator\'s table; "none": no price is known. Of several steps the least sure.', enum: BASES })
  basis!: string;

  @ApiProperty({ description: 'How long it is expected to take, as it was learned or else guessed; null where it cannot run there.', type: Number, nullable: true })
  seconds!: number | null;

  @ApiProperty({ description: 'Options and parameters that would not be followed exactly.', type: () => [LossView] })
  losses!: readonly LossView[];
}

export class PlannedPartView {
  @ApiProperty({ description: 'The number of the stage, from 1: what runs as one job at one provider.', example: 1 })
  stage!: number;

  @ApiProperty({ description: 'Who runs it.', example: 'fast' })
  provider!: string;

  @ApiProperty({ description: 'Its steps.', type: [String] })
  steps!: readonly string[];

  @ApiProperty({ description: 'What they are expected to cost.', type: () => MoneyView })
  cost!: MoneyView;
}

class Outcome {
  @ApiProperty({ description: 'The provider that gets the job; "split": several do; null: nobody can.', type: String, nullable: true, example: 'fast' })
  winner!: string | null;

  @ApiProperty({ description: 'The same in one sentence.', example: 'fast: 0.012 USD against 0.020 at thorough.' })
  summary!: string;

  @ApiProperty({ description: 'Of every provider.', type: () => [ProviderQuoteView] })
  quotes!: readonly ProviderQuoteView[];

  @ApiProperty({ description: 'Who runs what.', type: () => [PlannedPartView] })
  plan!: readonly PlannedPartView[];

  @ApiProperty({ description: 'There, and true, where the job goes to a provider that would come first if what failed there lately, or was measured long ago, no longer held: to find that out. One job in fifty of those where there is something to find out.', required: false })
  exploration?: boolean;
}

export class QuoteView extends Outcome {
  @ApiProperty({ description: 'For `routing.quoteId` of a job.', format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'Until when a job may keep to it.', format: 'date-time' })
  expiresAt!: string;
}

export class DecisionView extends Outcome {
  @ApiProperty({ description: 'How it was chosen.', enum: STRATEGIES })
  strategy!: string;

  @ApiProperty({ description: 'When.', format: 'date-time' })
  decidedAt!: string;
}
