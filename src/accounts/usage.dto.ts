import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, ValidateBy } from 'class-validator';
import { MoneyView } from '../http/money.view.js';
import { IsTime, Storable } from '../http/query-fields.js';

/** What usage can be told by. */
export const GROUPS = ['provider', 'operation', 'day', 'tenant', 'tag'] as const;
export type Group = (typeof GROUPS)[number];

/** Empty: there is a word in it that is no group, or one is said twice. */
export function readGroups(text: string): readonly Group[] {
  const words = text.split(',');
  const groups = words.flatMap((word) => GROUPS.find((group) => group === word.trim()) ?? []);
  return groups.length === words.length && new Set(groups).size === groups.length ? groups : [];
}

export class UsageQuery {
  @ApiProperty({ description: `What it is told by: a list of ${GROUPS.join(', ')}, with commas between. Without it there is one sum.`, required: false, example: 'provider,operation,day' })
  @IsOptional()
  @ValidateBy({ name: 'groups', validator: { validate: (value) => typeof value === 'string' && readGroups(value).length > 0, defaultMessage: () => `Must be a list of ${GROUPS.join(', ')}, each at most once, with commas between.` } })
  groupBy?: string;

  @ApiProperty({ description: 'Only what was spent from then on; a date alone is its beginning, in UTC.', required: false, format: 'date-time' })
  @IsOptional()
  @IsTime()
  from?: string;

  @ApiProperty({ description: 'Only what was spent before then.', required: false, format: 'date-time' })
  @IsOptional()
  @IsTime()
  to?: string;

  @ApiProperty({ description: 'Only of this tenant. Keys without the scope `admin` see their own alone.', required: false, maxLength: 64 })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(64, { message: 'Must have at most 64 characters.' })
  @Storable()
  tenant?: string;
}

export class UsageView {
  @ApiProperty({ description: 'Where it is told by provider.', required: false })
  provider?: string;

  @ApiProperty({ description: 'Where it is told by operation.', required: false })
  operation?: string;

  @ApiProperty({ description: 'Where it is told by day: that of UTC.', required: false, format: 'date', example: '2026-11-22' })
  day?: string;

  @ApiProperty({ description: 'Where it is told by tenant.', required: false })
  tenant?: string;

  @ApiProperty({ description: 'Where it is told by tag; null: jobs without one.', type: String, required: false, nullable: true })
  tag?: string | null;

  @ApiProperty({ description: 'All that was spent, waste and estimates included.', type: () => MoneyView })
  cost!: MoneyView;

  @ApiProperty({ description: 'How much of it nobody has any use for: attempts that failed or were given up, successes that came too late.', type: () => MoneyView })
  waste!: MoneyView;

  @ApiProperty({ description: 'How much of it is an estimate: the provider never told.', type: () => MoneyView })
  estimated!: MoneyView;

  @ApiProperty({ description: 'Attempts that ended.', type: 'integer' })
  attempts!: number;

  @ApiProperty({ description: 'Jobs that they were of.', type: 'integer' })
  jobs!: number;
}

export class UsageListView {
  @ApiProperty({ description: 'One entry for each group, and for each currency where there are several.', type: () => [UsageView] })
  data!: UsageView[];

  @ApiProperty({ description: 'Always null: there is one page.', type: String, nullable: true })
  nextCursor!: string | null;
}
