import { Controller, Get, Headers, Param, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { sendHeaders } from '../http/send-file.js';
import { Problems } from '../http/problem.docs.js';
import { OutputService } from './output.service.js';

const BINARY = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } as const;

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/outputs/:outputId/content')
export class OutputsController {
  constructor(private readonly outputs: OutputService) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiParam({ name: 'outputId', description: 'The output\'s id.' })
  @ApiOperation({ summary: 'Download a result' })
  @ApiProduces('application/octet-stream')
  @ApiHeader({ name: 'Range', required: false, description: 'One range of bytes.', schema: { type: 'string', example: 'bytes=0-1023' } })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag that is known already.', schema: { type: 'string' } })
  @ApiResponse({ status: 200, description: 'The whole file.', content: BINARY })
  @ApiResponse({ status: 206, description: 'The range that was asked for.', content: BINARY })
  @ApiResponse({ status: 304, description: 'It is what the caller has.' })
  @Problems(401, 404, 410, 416, 503)
  async download(@Tenant() tenant: string, @Param('id') id: string, @Param('outputId') outputId: string, @Headers() headers: Record<string, string | undefined>, @Res() reply: FastifyReply): Promise<void> {
    const whole = await this.outputs.find(tenant, id, outputId);
    // If-Range with another version than ours asks for the whole file (RFC 9110 13.1.5).
    const ranged = headers['if-range'] === undefined || headers['if-range'] === whole.etag;
    const output = ranged ? await this.outputs.find(tenant, id, outputId, headers['range']) : whole;
    void reply.headers({ ...sendHeaders(output.file.filename, output.file.content_type), etag: output.etag, 'accept-ranges': 'bytes' });
    if (headers['if-none-match']?.split(',').some((tag) => ['*', output.etag].includes(tag.trim().replace(/^W\//, ''))) === true) return void reply.status(304).send();
    if (output.range === null) return void reply.status(200).header('content-length', output.size).send(output.open());
    const { start, end } = output.range;
    return void reply.status(206).headers({ 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${output.size}` }).send(output.open());
  }
}
