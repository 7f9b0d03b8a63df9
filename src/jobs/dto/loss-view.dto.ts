import { ApiProperty } from '@nestjs/swagger';

/** What becomes of one option of a step at the provider that runs it, where that is not exactly what was asked. */
export class LossView {
  @ApiProperty({ description: 'The step.', example: 'png' })
  step!: string;

  @ApiProperty({ description: 'The option, or the parameter.', example: 'rotate' })
  option!: string;

  @ApiProperty({ description: '"approximate": nearly as asked, or nobody can promise it. "dropped": without effect.', enum: ['approximate', 'dropped'] })
  kind!: string;

  @ApiProperty({ description: 'Why.' })
  message!: string;
}
