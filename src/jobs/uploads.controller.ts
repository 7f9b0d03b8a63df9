import { Controller, Headers, Param, Put, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { UUID } from '../http/paging.js';
import { invalidRequest, notFound, Problem } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { cutWhenSilent } from '../http/silent-body.js';
import { JobView } from './dto/job.dto.js';
import { JobsService } from './jobs.service.js';
import { UploadService } from './upload.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/inputs/:inputId/content')
export class UploadsController {
  constructor(
    private readonly uploads: UploadService,
    private readonly jobs: JobsService,
  ) {}

  @Put()
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiParam({ name: 'inputId', description: 'The input\'s id within the job.' })
  @ApiOperation({ summary: 'Send the bytes of an upload input', description: 'The raw bytes are the body, whatever the content type. They may be replaced until the job is queued, which it is when the last upload is in.' })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ description: 'The file.', required: true, schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 200, description: 'The job.', type: JobView })
  @Problems(401, 404, 409, 413, 415, 422, 503)
  async receive(@Tenant() tenant: string, @Param('id') id: string, @Param('inputId') inputId: string, @Headers('content-length') length: string | undefined, @Req() request: FastifyRequest): Promise<object> {
    if (!UUID.test(id)) throw notFound('job');
    const { body } = request;
    if (request.isMultipart()) throw new Problem('unsupported_media_type', 'Send the file\'s raw bytes as the body, not a form. For a form there is POST /v1/convert.');
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') throw new Problem('unsupported_media_type', 'Send the file\'s bytes plain: content encodings are not undone.');
    if (!(body instanceof Readable)) throw invalidRequest([{ pointer: '', message: 'The body is empty; send the file\'s bytes.' }]);
    cutWhenSilent(request, body);
    return this.jobs.view(await this.uploads.receive(tenant, id, inputId, body, length === undefined ? null : Number(length)));
  }
}
