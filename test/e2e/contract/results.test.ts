import { smallFile } from '../../doubles/small-files.js';
import { httpServer, type LocalServer } from '../../support/local-server.js';
import { at, scene, together, toPng, type Scene } from './scene.js';

/** Stands where no result may be fetched from, and would hand out a good file. */
let sentinel: LocalServer;
let stage: Scene;
beforeAll(async () => {
  stage = await scene();
  sentinel = await httpServer((_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(smallFile('png').bytes));
});
afterAll(async () => {
  await stage.close();
  await sentinel.close();
});
beforeEach(() => {
  stage.api2convert.behave();
  stage.runconvert.behave();
});

const addresses = (): readonly (readonly [string, string])[] => [
  ['the same host at another port', `http://127.0.0.1:${sentinel.port}/x.png`],
  ['localhost', `http://localhost:${sentinel.port}/x.png`],
  ['a short spelling', `http://127.1:${sentinel.port}/x.png`],
  ['a decimal', `http://2130706433:${sentinel.port}/x.png`],
  ['mapped into IPv6', `http://[::ffff:127.0.0.1]:${sentinel.port}/x.png`],
  ['the whole world', `http://0.0.0.0:${sentinel.port}/x.png`],
  ['another loopback address', `http://127.0.0.2:${sentinel.port}/x.png`],
  ['the host in the login', `http://${new URL(stage.api2convert.origin).host}@127.0.0.1:${sentinel.port}/x.png`],
  ['metadata of a cloud', 'http://169.254.169.254/latest/meta-data'],
  ['a file', 'file:///etc/passwd'],
  ['no address', 'not an address'],
];

/** What a vendor calls its result, and what is left of it. */
const NAMES: readonly (readonly [string, RegExp])[] = [
  ['../../etc/passwd', /^[^/\\]+$/],
  ['..\\..\\windows\\system.ini', /^[^/\\]+$/],
  ['a\u202Egnp.exe', /^[^\u202A-\u202E\u2066-\u2069]+$/],
  ['a\r\nset-cookie: x=y.png', /^[^\r\n]+$/],
  [`${'x'.repeat(4_096)}.png`, /^.{1,255}$/],
  ['a"b;c.png', /./],
  ['фото 写真.png', /^фото 写真\.png$/],
  ['\u0000.png', /^[^\0]+$/],
  ['', /./],
  ['..', /^(?!\.\.?$)./],
];

describe('where a result is fetched from', () => {
  test('control: the sentinel is reached by who asks', async () => {
    const before = sentinel.connections();
    await fetch(`${sentinel.origin}/x.png`);
    expect(sentinel.connections()).toBe(before + 1);
  });

  test('nobody of them is connected to, whoever names them, and another vendor does the work', async () => {
    const before = sentinel.connections();
    const named = addresses().map(([, address]) => address);
    const jobs = await Promise.all([
      ...together(stage, 'api2convert', named.map((uri) => ({ output: (said) => ({ ...said, uri }) }))),
      ...together(stage, 'runconvert', named.map((url) => ({ result: () => ({ files: [{ filename: 'photo.png', url }] }) }))),
      ...together(stage, 'api2convert', [301, 302, 303, 307, 308].map((status) => ({ download: () => ({ status, headers: { location: `${sentinel.origin}/x.png` } }) }))),
      ...together(stage, 'runconvert', [302].map((status) => ({ download: () => ({ status, headers: { location: `${sentinel.origin}/x.png` } }) }))),
    ]);
    expect(sentinel.connections()).toBe(before);
    expect(jobs.map(({ status, attempts }) => [status, attempts[0]?.status, attempts.at(-1)?.status])).toEqual(jobs.map(() => ['completed', 'errored', 'succeeded']));
    for (const job of jobs) expect(new Set(job.attempts.map(({ provider }) => provider)).size).toBe(2);
    for (const address of named.slice(0, 8)) expect(JSON.stringify(jobs)).not.toContain(address);
  });

  test('a redirect within the vendor is followed, one in a circle ends', async () => {
    let hops = 0;
    stage.api2convert.behave({ download: (bytes) => ((hops += 1) === 1 ? { status: 302, headers: { location: '#again' } } : bytes) });
    const job = await stage.run(toPng(at('api2convert')));
    expect([job.status, hops]).toEqual(['completed', 2]);
    stage.api2convert.behave({ download: () => ({ status: 302, headers: { location: '#again' } }) });
    expect((await stage.run(toPng({ routing: { prefer: ['api2convert'] } }))).attempts.at(-1)?.provider).toBe('runconvert');
  });

  test('an upload is not sent to a server of somebody else, whatever the job says', async () => {
    const before = sentinel.connections();
    let made = 0;
    stage.api2convert.behave({ intercept: (request) => (request.method === 'POST' && request.path === '/v2/jobs' ? { status: 201, body: { id: `evil-job-${(made += 1)}`, token: 't0ken', status: { code: 'incomplete' }, server: `${sentinel.origin}/dl/web7` } } : undefined) });
    const { id } = await stage.accepted({ inputs: [{ type: 'upload', filename: 'secret.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { prefer: ['api2convert'] } });
    await stage.gateway.call(`/v1/jobs/${id}/inputs/input-1/content`, { method: 'PUT', body: new Uint8Array(smallFile('jpg').bytes) });
    const job = await stage.ended(id);
    expect(sentinel.connections()).toBe(before);
    expect([job.status, job.attempts.at(-1)?.provider]).toEqual(['completed', 'runconvert']);
  });

  test('an API that redirects is not followed with the key', async () => {
    const before = sentinel.connections();
    stage.api2convert.behave({ intercept: (request) => (request.path.startsWith('/v2/jobs') ? { status: 307, headers: { location: `${sentinel.origin}/v2/jobs` } } : undefined) });
    await stage.run(toPng({ routing: { prefer: ['api2convert'], maxAttempts: 3 } }));
    expect(sentinel.connections()).toBe(before);
  });

  test('a vendor does no harm with what it calls its result', async () => {
    const jobs = await Promise.all(together(stage, 'api2convert', NAMES.map(([filename]) => ({ output: (said) => ({ ...said, filename }) })), at('api2convert')));
    for (const [index, job] of jobs.entries()) {
      expect([NAMES[index]?.[0], job.status]).toEqual([NAMES[index]?.[0], 'completed']);
      expect(job.outputs[0]?.filename).toMatch(NAMES[index]?.[1] ?? /./);
      const answer = await stage.gateway.call(new URL(job.outputs[0]?.url ?? '', stage.gateway.url).pathname);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename[^\r\n]{1,2000}$/);
    }
  });

  test('what the vendor says of a type is not handed on where it would run in a browser', async () => {
    stage.api2convert.behave({ output: (said) => ({ ...said, content_type: 'text/html' }) });
    const job = await stage.run(toPng(at('api2convert')));
    expect(job.outputs[0]?.contentType).toBe('image/png');
  });
});
