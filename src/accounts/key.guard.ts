import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { Env } from '../platform/env.js';
import { identify } from './principal.js';

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

/** `Authorization: Bearer <key>`. Digests are compared, so that neither the key's length nor its bytes show in the time it takes. */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly admin: Buffer;

  constructor(@Inject(Env) env: Env) {
    this.admin = digest(env.adminApiKey);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw unauthorized('Send an API key: Authorization: Bearer <key>.');
    if (!timingSafeEqual(digest(key), this.admin)) throw unauthorized('The API key is not known here.');
    identify(request, { tenant: 'default', key: 'admin' });
    return true;
  }
}

const unauthorized = (detail: string): Problem => new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' } });
