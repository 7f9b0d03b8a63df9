import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { request, type Dispatcher } from 'undici';
import { EgressRefused, type EgressPolicy } from '../../src/platform/egress.js';
import { guardedDispatcher, type GuardOptions } from '../../src/platform/egress-dispatcher.js';
import { httpServer, type LocalServer } from '../support/local-server.js';

describe('a request', () => {
  let sentinel: LocalServer;
  let friend: LocalServer;
  const opened: Dispatcher[] = [];

  // The same port at two addresses of this machine: 127.0.0.2 stands for the public one, 127.0.0.1 for the one to protect.
  const policy: EgressPolicy = { allow: ['127.0.0.2/32'] };

  beforeAll(async () => {
    sentinel = await httpServer((_request, response) => response.end('sentinel'));
    friend = await httpServer((request, response) => response.setHeader('connection', 'close').end(`friend of ${request.headers.host}`), '127.0.0.2', sentinel.port);
  });

  afterAll(async () => {
    await Promise.all(opened.map((dispatcher) => dispatcher.close()));
    await Promise.all([sentinel.close(), friend.close()]);
  });

  async function ask(url: string, allowed: EgressPolicy, options: GuardOptions = {}): Promise<string> {
    const dispatcher = guardedDispatcher(allowed, options);
    opened.push(dispatcher);
    return askThrough(dispatcher, url);
  }

  async function askThrough(dispatcher: Dispatcher, url: string): Promise<string> {
    try {
      return await (await request(url, { dispatcher })).body.text();
    } catch (error) {
      return error instanceof EgressRefused ? error.reason : String(error);
    }
  }

  const answering = (...answers: string[][]) => {
    let asked = -1;
    return async () => {
      asked += 1;
      return (answers[Math.min(asked, answers.length - 1)] ?? []).map((address) => ({ address }));
    };
  };

  test.each(['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '127.0.0.1.', 'localhost', '0.0.0.0', '[::]'])('to the literal %s reaches nobody', async (host) => {
    expect(await ask(`http://${host}:${sentinel.port}/`, policy)).toBe('private_address');
    expect(sentinel.connections()).toBe(0);
  });

  test('reaches an address that is allowed: the control of all others here', async () => {
    expect(await ask(`http://127.0.0.2:${friend.port}/`, policy)).toBe(`friend of 127.0.0.2:${friend.port}`);
    expect(await ask(`http://name.example:${friend.port}/`, policy, { resolve: answering(['127.0.0.2']) })).toBe(`friend of name.example:${friend.port}`);
  });

  test.each([['127.0.0.1'], ['::ffff:127.0.0.1'], ['10.0.0.1'], ['169.254.169.254'], ['::1'], ['64:ff9b::7f00:1'], ['fd00::1']])('by a name for %s reaches nobody', async (address) => {
    expect(await ask(`http://evil.example:${sentinel.port}/`, policy, { resolve: answering([address]) })).toBe('private_address');
    expect(sentinel.connections()).toBe(0);
  });

  test.each([
    ['the private address last', ['127.0.0.2', '127.0.0.1']],
    ['the private address first', ['127.0.0.1', '127.0.0.2']],
    ['an allowed A and a private AAAA', ['127.0.0.2', '::1']],
  ])('by a name for a mixed set is refused whole: %s', async (_name, addresses) => {
    expect(await ask(`http://mixed.example:${sentinel.port}/`, policy, { resolve: answering(addresses) })).toBe('private_address');
    expect(sentinel.connections()).toBe(0);
  });

  test('by a rebinding name goes where it was checked, and is refused once the name turned', async () => {
    const resolve = answering(['127.0.0.2'], ['127.0.0.1']);
    const dispatcher = guardedDispatcher(policy, { resolve });
    opened.push(dispatcher);
    const url = `http://rebind.example:${sentinel.port}/`;
    expect(await askThrough(dispatcher, url)).toContain('friend');
    expect(await askThrough(dispatcher, url)).toBe('private_address');
    expect(sentinel.connections()).toBe(0);
  });

  test('by a name that resolves to nothing or to nonsense is refused', async () => {
    expect(await ask('http://none.example/', policy, { resolve: answering([]) })).toBe('unresolvable');
    expect(await ask('http://odd.example/', policy, { resolve: answering(['127.0.0.2', 'not-an-ip']) })).toBe('unresolvable');
  });

  test('to a closed port is refused by literal and by name, unless its address is allowed', async () => {
    expect(await ask('http://93.184.216.34:25/', policy)).toBe('port');
    expect(await ask('http://name.example:25/', policy, { resolve: answering(['93.184.216.34']) })).toBe('port');
    expect(await ask('http://127.0.0.2:6379/', policy)).toContain('ECONNREFUSED');
    expect(await ask('http://name.example:6379/', policy, { resolve: answering(['127.0.0.2']) })).toContain('ECONNREFUSED');
  });

  test('over TLS goes to the checked address and asks for the name', async () => {
    let asked = '';
    const server = createTlsServer({
      SNICallback: (name, done) => {
        asked = name;
        done(new Error('no certificate here'));
      },
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await ask(`https://name.example:${port}/`, policy, { resolve: answering(['127.0.0.2']) })).not.toContain('friend');
    expect(asked).toBe('name.example');
    await new Promise((resolve) => server.close(resolve));
  });

  // Last, for it reaches the sentinel: its counter moves, so the zeros above mean something.
  test('to a trusted host passes wherever it is, and nowhere beside it', async () => {
    expect(await ask(sentinel.origin, { allow: [] }, { trustedHosts: ['127.0.0.1:1'] })).toBe('private_address');
    expect(sentinel.connections()).toBe(0);
    expect(await ask(sentinel.origin, { allow: [] }, { trustedHosts: [sentinel.host] })).toBe('sentinel');
    expect(sentinel.connections()).toBe(1);
  });
});
