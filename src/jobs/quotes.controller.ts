import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { Key, Tenant } from '../accounts/principal.js';
import { Problems } from '../http/problem.docs.js';
import { JOB_EXAMPLES } from './dto/job-examples.js';
import { JobRequestDto } from './dto/job-request.dto.js';
import { QuoteView } from './dto/quote.dto.js';
import { QuoteService } from './quote.service.js';

const ABOUT =
  'The body of a job in; what it would cost at each provider, or why it cannot run there, and who would get it. Runs nothing. The same job sent right after is decided alike; '
  + 'with the quote\'s id as `routing.quoteId` it keeps to the quote\'s providers, and is refused if it costs more, until the quote expires.';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/quotes')
export class QuotesController {
  constructor(private readonly quotes: QuoteService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'What a job would cost, and where', description: ABOUT })
  @ApiBody({ type: JobRequestDto, examples: JOB_EXAMPLES })
  @ApiResponse({ status: 200, description: 'The quote. `winner` is null where nobody could run the job: the reasons say why.', type: QuoteView })
  @Problems(400, 401, 413, 415, 422, 503)
  create(@Tenant() tenant: string, @Key() apiKey: string, @Body() body: JobRequestDto): Promise<QuoteView> {
    return this.quotes.quote(tenant, body, apiKey);
  }
}
