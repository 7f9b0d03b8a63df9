import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { Cursor, Limit } from '../http/query-fields.js';

export class ListFormatsQuery {
  @ApiProperty({ description: 'Only conversions from this format, in any spelling.', required: false, example: 'jpg' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  from?: string;

  @ApiProperty({ description: 'Only conversions to this format, in any spelling.', required: false, example: 'png' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  to?: string;

  @Limit(1000, 200)
  limit: number = 200;

  @Cursor()
  cursor?: string;
}

export class ListOperationsQuery {
  @ApiProperty({ description: 'Only this operation.', required: false, example: 'convert' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  operation?: string;

  @ApiProperty({ description: 'Only what can be done with files of this format, in any spelling: options and credits are then those of this format.', required: false, example: 'jpg' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  from?: string;

  @ApiProperty({ description: 'Only what can be made with this `to`: options and credits are then those of this target.', required: false, example: 'png' })
  @IsOptional()
  @IsString({ message: 'Must be said once.' })
  @MaxLength(40, { message: 'Must have at most 40 characters.' })
  to?: string;
}

export class FormatPairView {
  @ApiProperty({ description: 'The format of the file that goes in.', example: 'jpg' })
  from!: string;

  @ApiProperty({ description: 'The format of the result.', example: 'png' })
  to!: string;

  @ApiProperty({ description: 'The kind of the result.', enum: ['image', 'document', 'ebook', 'audio', 'video', 'archive', 'cad', 'data'] })
  category!: string;

  @ApiProperty({ description: 'Providers that offer it.', type: [String] })
  providers!: string[];

  @ApiProperty({ description: 'Whether it was seen to work, or a provider lists this very pair. False: it is what catalogues of targets, or documents, let one expect.' })
  verified!: boolean;
}

export class FormatListView {
  @ApiProperty({ description: 'The page, by source and then by target.', type: () => [FormatPairView] })
  data!: FormatPairView[];

  @ApiProperty({ description: 'For the next page; null on the last one.', type: String, nullable: true })
  nextCursor!: string | null;
}

export class ParameterView {
  @ApiProperty({ description: 'Its type.', enum: ['string', 'integer'] })
  type!: string;

  @ApiProperty({ description: 'Whether a step must have it.' })
  required!: boolean;

  @ApiProperty({ description: 'What it says.' })
  description!: string;

  @ApiProperty({ description: 'The only values, where they are few.', type: [String], required: false })
  enum?: readonly string[];

  @ApiProperty({ description: 'The least value.', required: false })
  minimum?: number;

  @ApiProperty({ description: 'The largest value.', required: false })
  maximum?: number;
}

export class OperationProviderView {
  @ApiProperty({ description: 'The provider\'s id.' })
  provider!: string;

  @ApiProperty({ description: 'What `options` may hold there, for any of the targets that were asked for: a JSON Schema. Open where the provider does not tell all that it takes.', type: 'object', additionalProperties: true })
  options!: object;

  @ApiProperty({ description: 'What one file costs there, in the provider\'s credits; null when that is not told, or differs between formats.', type: Number, nullable: true })
  credits!: number | null;

  @ApiProperty({ description: 'Options of the gateway\'s own names, and parameters, that are not followed exactly there.', type: () => [OptionLossView] })
  losses!: readonly OptionLossView[];
}

export class OptionLossView {
  @ApiProperty({ description: 'The option or parameter.', example: 'rotate' })
  option!: string;

  @ApiProperty({ description: '"approximate": nearly as asked, or nobody can promise it. "dropped": without effect.', enum: ['approximate', 'dropped'] })
  kind!: string;

  @ApiProperty({ description: 'Why.' })
  message!: string;
}

@ApiExtraModels(ParameterView)
export class OperationView {
  @ApiProperty({ description: 'The operation\'s name in a step.', example: 'convert' })
  operation!: string;

  @ApiProperty({ description: 'What it does.' })
  summary!: string;

  @ApiProperty({ description: 'Fields of a step that belong to it, by name.', type: 'object', additionalProperties: { $ref: getSchemaPath(ParameterView) } })
  parameters!: Record<string, ParameterView>;

  @ApiProperty({ description: 'Providers that offer it; none where no configured one does.', type: () => [OperationProviderView] })
  providers!: OperationProviderView[];
}

export class OperationListView {
  @ApiProperty({ description: 'Every operation there is.', type: () => [OperationView] })
  data!: OperationView[];

  @ApiProperty({ description: 'Always null: there is one page.', type: String, nullable: true })
  nextCursor!: string | null;
}
