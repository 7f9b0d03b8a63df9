import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { KeyGuard } from '../../src/accounts/key.guard.js';
import { Tenant } from '../../src/accounts/principal.js';
import { Problem } from '../../src/http/problem.js';
import { readEnv } from '../../src/platform/env.js';

const KEY = 'cg_0123456789abcdefghij';
const guard = new KeyGuard(readEnv({ DATABASE_URL: 'postgresql://nobody@127.0.0.1/none', ADMIN_API_KEY: KEY, SECRETS_KEY: Buffer.alloc(32).toString('base64') }));

const contextOf = (request: object) => ({ switchToHttp: () => ({ getRequest: () => request }) }) as unknown as ExecutionContext;
const asking = (authorization?: string) => contextOf({ headers: authorization === undefined ? {} : { authorization } });

/** What the decorator hands to a route. */
function tenantOf(context: ExecutionContext): string {
  class Route {
    handle(@Tenant() tenant: string): string {
      return tenant;
    }
  }
  const [argument] = Object.values(Reflect.getMetadata(ROUTE_ARGS_METADATA, Route, 'handle') as Record<string, { factory(data: unknown, context: ExecutionContext): string }>);
  return argument?.factory(undefined, context) ?? '';
}

it.each([`Bearer ${KEY}`, `bearer ${KEY}`, `Bearer   ${KEY}  `])('%s may pass, as the default tenant', (authorization) => {
  const context = asking(authorization);
  expect(guard.canActivate(context)).toBe(true);
  expect(tenantOf(context)).toBe('default');
});

it.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${KEY}`, KEY, `Bearer ${KEY}x`, `Bearer ${KEY.slice(0, -1)}`, `Bearer ${KEY.toUpperCase()}`, `Bearer ${KEY} ${KEY}`, `XBearer ${KEY}`, `Bearer ${KEY}\u0000`])('%j may not', (authorization) => {
  const context = asking(authorization);
  let thrown: unknown;
  try {
    guard.canActivate(context);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({ code: 'unauthorized', status: 401, more: { headers: { 'www-authenticate': 'Bearer' } } });
  expect((thrown as Problem).detail).not.toContain(KEY);
  expect(() => tenantOf(context)).toThrow('not guarded');
});
