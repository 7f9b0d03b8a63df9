import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { oneOf } from '../../conversion/places.js';
import { IsTime, Storable } from '../../http/query-fields.js';
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

  @ApiProperty({ description: 'How many at most.', required: false, type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Type(() => Number)
  @IsInt({ message: 'Must be a whole number from 1 to 200.' })
  @Min(1, { message: 'Must be a whole number from 1 to 200.' })
  @Max(200, { message: 'Must be a whole number from 1 to 200.' })
  limit: number = 50;

  @ApiProperty({ description: 'Where the last page ended.', required: false })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(200, { message: 'Is not a cursor that was handed out here.' })
  cursor?: string;
}

export class ListEventsQuery {
  @ApiProperty({ description: 'How many at most.', required: false, type: 'integer', minimum: 1, maximum: 200, default: 200 })
  @Type(() => Number)
  @IsInt({ message: 'Must be a whole number from 1 to 200.' })
  @Min(1, { message: 'Must be a whole number from 1 to 200.' })
  @Max(200, { message: 'Must be a whole number from 1 to 200.' })
  limit: number = 200;

  @ApiProperty({ description: 'Where the last page ended.', required: false })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(200, { message: 'Is not a cursor that was handed out here.' })
  cursor?: string;
}
