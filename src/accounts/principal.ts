import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The id of the admin key. */
export const ADMIN_KEY = 'admin';

/** Who calls: the tenant whose things are seen, and the key by its id. */
export interface Principal {
  readonly tenant: string;
  readonly key: string;
}

const PRINCIPAL = Symbol('principal');

type Marked = FastifyRequest & { [PRINCIPAL]?: Principal };

export function identify(request: FastifyRequest, principal: Principal): void {
  (request as Marked)[PRINCIPAL] = principal;
}

export function isIdentified(request: FastifyRequest): boolean {
  return (request as Marked)[PRINCIPAL] !== undefined;
}

/** The tenant of the request. Only behind `KeyGuard`. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => callerOf(context).tenant);

/** The id of the request's API key. Only behind `KeyGuard`. */
export const Key = createParamDecorator((_: unknown, context: ExecutionContext): string => callerOf(context).key);

function callerOf(context: ExecutionContext): Principal {
  const principal = context.switchToHttp().getRequest<Marked>()[PRINCIPAL];
  if (principal === undefined) throw new Error('a route that asks for the tenant is not guarded');
  return principal;
}
