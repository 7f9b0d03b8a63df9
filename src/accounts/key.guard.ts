import { hash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { Env } from '../platform/env.js';
import { ADMIN_KEY, identify, isIdentified } from './principal.js';

const digest = (key: string): Buffer => hash('sha256', key, 'buffer');

/** `Authorization: Bearer <key>`. Digests are compared, so that neither the key's length nor its bytes show in the time it takes. */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly admin: Buffer;

  constructor(@Inject(Env) env: Env) {
    this.admin = digest(env.adminApiKey);
  }

  canActivate(context: ExecutionContext): boolean {
    this.admit(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }

  /** Called before a body is read, so that strangers cannot make the service read one, and again by each guarded route. */
  admit(request: FastifyRequest): void {
    if (isIdentified(request)) return;
    const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw unauthorized('Send an API key: Authorization: Bearer <key>.');
    if (!timingSafeEqual(digest(key), this.admin)) throw unauthorized('The API key is not known here.');
    identify(request, { tenant: 'default', key: ADMIN_KEY, admin: true });
  }
}

const unauthorized = (detail: string): Problem => new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' } });
