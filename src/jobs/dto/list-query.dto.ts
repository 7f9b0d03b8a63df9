import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { oneOf } from '../../conversion/places.js';
import { Cursor, IsTime, Limit, Storable } from '../../http/query-fields.js';
import { JOB_STATUSES } from '../states.js';

export class ListJobsQuery {
  @ApiProperty({ description: 'Only jobs in this state.', enum: JOB_STATUSES, required: false })
  @IsOptional()
  @IsIn(JOB_STATUSES, { message: `Must be ${oneOf(JOB_STATUSES)}.` })
  status?: string;

  @ApiProperty({ description: 'Only jobs with this tag.', required: false, maxLength: 128 })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(128, { message: 'Must have at most 128 characters.' })
  @Storable()
  tag?: string;

  @ApiProperty({ description: 'Only jobs that were tried at this provider.', required: false, maxLength: 64 })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(64, { message: 'Must have at most 64 characters.' })
  @Storable()
  provider?: string;

  @ApiProperty({ description: 'Only jobs taken in after this time.', required: false, format: 'date-time' })
  @IsOptional()
  @IsTime()
  createdAfter?: string;

  @ApiProperty({ description: 'Only jobs taken in before this time.', required: false, format: 'date-time' })
  @IsOptional()
  @IsTime()
  createdBefore?: string;

  @Limit(200, 50)
  limit: number = 50;

  @Cursor()
  cursor?: string;
}

export class ListEventsQuery {
  @Limit(200, 200)
  limit: number = 200;

  @Cursor()
  cursor?: string;
}
