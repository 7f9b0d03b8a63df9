import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { Problems } from '../http/problem.docs.js';
import { WebhookSecrets } from '../jobs/webhook-secrets.js';

export class WebhookSecretView {
  @ApiProperty({ description: 'What any Standard Webhooks library verifies with.', example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
  secret!: string;
}

@ApiTags('webhooks')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/webhook-secret')
export class WebhookSecretController {
  constructor(private readonly secrets: WebhookSecrets) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What signs webhooks', description: 'The secret that signs the events of jobs whose webhook brings none of its own. It is made when it is first needed, and stays.' })
  @ApiResponse({ status: 200, description: 'The tenant\'s secret.', type: WebhookSecretView })
  @Problems(401, 503)
  async read(@Tenant() tenant: string): Promise<WebhookSecretView> {
    return { secret: await this.secrets.ofTenant(tenant) };
  }
}
