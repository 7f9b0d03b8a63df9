import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The id of the admin key. */
export const ADMIN_KEY = 'admin';

/** Who calls: the tenant whose things are seen, and the key by its id. */
export interface Principal {
  readonly tenant: string;
  readonly key: string;
  /** It sees what belongs to no tenant alone, and what is of all of them. */
  readonly admin: boolean;
}

/** The tenant to look at, for whom reaches across them: the one that is asked for, or all (null). For anybody else his own, whatever he asks for. */
export const reachOf = ({ tenant, admin }: Principal, asked: string | null): string | null => (admin ? asked : tenant);

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

/** Who calls. Only behind `KeyGuard`. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => callerOf(context));

/** The id of the request's API key. Only behind `KeyGuard`. */
export const Key = createParamDecorator((_: unknown, context: ExecutionContext): string => callerOf(context).key);

function callerOf(context: ExecutionContext): Principal {
  const principal = context.switchToHttp().getRequest<Marked>()[PRINCIPAL];
  if (principal === undefined) throw new Error('a route that asks for the tenant is not guarded');
  return principal;
}
