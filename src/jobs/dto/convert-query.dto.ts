import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export class ConvertQuery {
  @ApiProperty({ description: 'The target format, or the kind of checksum.', required: false, example: 'png' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  to?: string;

  @ApiProperty({ description: 'The operation.', required: false, default: 'convert' })
  @IsString({ message: 'Must be said once.' })
  @MaxLength(64, { message: 'Must have at most 64 characters.' })
  operation: string = 'convert';

  @ApiProperty({ description: 'Options as a JSON object; the operation\'s own parameters (width, text, level, …) may stand among them.', required: false, example: '{"quality":80}' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(8000, { message: 'Must have at most 8000 characters.' })
  options?: string;

  @ApiProperty({ description: 'How many seconds to wait for the result before the job is answered instead.', required: false, type: 'integer', minimum: 1, maximum: 120, default: 60 })
  @Type(() => Number)
  @IsInt({ message: 'Must be a whole number from 1 to 120.' })
  @Min(1, { message: 'Must be a whole number from 1 to 120.' })
  @Max(120, { message: 'Must be a whole number from 1 to 120.' })
  wait: number = 60;
}
