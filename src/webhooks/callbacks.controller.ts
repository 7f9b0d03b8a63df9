import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problems } from '../http/problem.docs.js';
import { CallbackService } from './callback.service.js';

@ApiTags('callbacks')
@Controller('v1/callbacks/:providerId/:token')
export class CallbacksController {
  constructor(private readonly callbacks: CallbackService) {}

  @Post()
  @HttpCode(204)
  @ApiParam({ name: 'providerId', description: 'The provider that calls.' })
  @ApiParam({ name: 'token', description: 'The unguessable word that was given to it.' })
  @ApiOperation({ summary: 'For vendors: how one of our jobs stands', description: 'The address holds an unguessable token; no API key.' })
  @ApiBody({ description: 'Whatever the vendor sends.', schema: { type: 'object', additionalProperties: true } })
  @ApiResponse({ status: 204, description: 'Taken.' })
  @Problems(401, 404, 410, 413, 503)
  async receive(@Param('providerId') providerId: string, @Param('token') token: string, @Req() request: FastifyRequest): Promise<void> {
    const { body } = request;
    await this.callbacks.receive(providerId, token, { headers: request.headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) });
  }
}
