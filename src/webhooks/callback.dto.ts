import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { oneOf } from '../conversion/places.js';
import { UUID } from '../http/paging.js';
import { Cursor, Limit } from '../http/query-fields.js';
import { OUTCOMES } from './callback-store.js';

const ABOUT_OUTCOMES =
  'What became of it. `proven`: signed, its body was taken at its word; `hint`: the provider was asked; `late`: the attempt had ended; `other_job`: the address of one job, the body of another; `unknown_job`: of a job that is not ours; `unknown_shape`: it does not say of which job.';

export class ListCallbacksQuery {
  @ApiProperty({ description: ABOUT_OUTCOMES, enum: OUTCOMES, required: false })
  @IsOptional()
  @IsIn(OUTCOMES, { message: `Must be ${oneOf(OUTCOMES)}.` })
  outcome?: string;

  @ApiProperty({ description: 'Only callbacks of this attempt.', required: false, format: 'uuid' })
  @IsOptional()
  @Matches(UUID, { message: 'Must be the id of an attempt.' })
  attempt?: string;

  @Limit(200, 50)
  limit: number = 50;

  @Cursor()
  cursor?: string;
}

export class CallbackView {
  @ApiProperty({ description: 'Its id.', format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'The provider that called.' })
  provider!: string;

  @ApiProperty({ description: 'The attempt that it is about; null where that is not known.', type: String, format: 'uuid', nullable: true })
  attemptId!: string | null;

  @ApiProperty({ description: 'The provider\'s job that it speaks of.', type: String, nullable: true })
  jobId!: string | null;

  @ApiProperty({ description: ABOUT_OUTCOMES, enum: OUTCOMES })
  outcome!: string;

  @ApiProperty({ description: 'When it came.', format: 'date-time' })
  receivedAt!: string;

  @ApiProperty({ description: 'Its body, up to 64 KiB; of a job with credentials, and of a job that is not known, only the fields and the kinds of their values.' })
  body!: string;

  @ApiProperty({ description: 'When it was last replayed.', type: String, format: 'date-time', nullable: true })
  replayedAt!: string | null;
}

export class CallbackListView {
  @ApiProperty({ description: 'Callbacks, newest first.', type: () => [CallbackView] })
  data!: CallbackView[];

  @ApiProperty({ description: 'For the next page; null at the end.', type: String, nullable: true })
  nextCursor!: string | null;
}

const EFFECTS = ['woken', ...OUTCOMES.filter((outcome) => outcome !== 'hint' && outcome !== 'proven')];

export class ReplayedCallbackView extends CallbackView {
  @ApiProperty({ description: 'What came of it: `woken`, its attempt is being looked at; any other word says why nothing changed.', enum: EFFECTS })
  effect!: string;
}
