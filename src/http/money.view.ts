import { ApiProperty } from '@nestjs/swagger';

export class MoneyView {
  @ApiProperty({ description: 'A decimal number as text; null when it is not known.', type: String, nullable: true, example: '0.0120' })
  amount!: string | null;

  @ApiProperty({ description: 'ISO 4217.', example: 'USD' })
  currency!: string;
}
