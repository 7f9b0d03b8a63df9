import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who calls: the tenant whose things are seen, and the key by name. */
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
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const principal = context.switchToHttp().getRequest<Marked>()[PRINCIPAL];
  if (principal === undefined) throw new Error('a route that asks for the tenant is not guarded');
  return principal.tenant;
});
