import { ApiProperty } from '@nestjs/swagger';
import { ERROR_KINDS } from '../conversion/errors.js';

export class UnmappedExampleView {
  @ApiProperty({ description: 'The job. It may be deleted by now.', format: 'uuid' })
  jobId!: string;

  @ApiProperty({ description: 'Its attempt that met the error.', format: 'uuid' })
  attemptId!: string;
}

export class UnmappedErrorView {
  @ApiProperty({ description: 'The vendor\'s own code, as attempts show it: the key of an entry in `errors` of `PROVIDERS_FILE`. Null where it told none; that cannot be mapped.', type: String, nullable: true, example: '6005' })
  code!: string | null;

  @ApiProperty({ description: '`unmapped`: no table knows it; `malformed_response`: it could not be read.', enum: ['unmapped', 'malformed_response'] })
  kind!: string;

  @ApiProperty({ description: 'The kind that `PROVIDERS_FILE` gives it by now; null: none, and it counts as `kind`.', type: String, enum: ERROR_KINDS, nullable: true })
  mappedTo!: string | null;

  @ApiProperty({ description: 'How often it was met.', type: 'integer', minimum: 1 })
  count!: number;

  @ApiProperty({ description: 'When it was met first.', format: 'date-time' })
  firstSeenAt!: string;

  @ApiProperty({ description: 'When it was met last.', format: 'date-time' })
  lastSeenAt!: string;

  @ApiProperty({ description: 'What the vendor said last, without secrets.' })
  message!: string;

  @ApiProperty({ description: 'Where it was met last.', type: () => UnmappedExampleView })
  example!: UnmappedExampleView;
}

export class UnmappedErrorListView {
  @ApiProperty({ description: 'The one met last first; the latest hundred codes.', type: () => [UnmappedErrorView] })
  data!: UnmappedErrorView[];

  @ApiProperty({ description: 'Always null: there is one page.', type: String, nullable: true })
  nextCursor!: string | null;
}
