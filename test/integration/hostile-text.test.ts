import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';

let test: TestDatabase;
let gateway: Gateway;

beforeAll(async () => {
  test = await testDatabase();
  const vendor = { API2CONVERT_API_KEY: 'key', API2CONVERT_BASE_URL: 'http://127.0.0.1:9/v2' };
  gateway = await startGateway({ DATABASE_URL: test.url, ROLE: 'api', ...vendor });
});

afterAll(async () => {
  await gateway?.stop();
  await test?.drop();
});

const post = (body: string) => gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
const job = (more: string, step = '') => `{"inputs":[{"type":"url","url":"https://example.com/a.jpg"}],"steps":[{"operation":"convert","to":"png"${step}}]${more}}`;

// What JSON can say and PostgreSQL cannot hold: NUL, and halves of surrogate pairs.
it.each([
  ['a tag with a NUL', job(',"tag":"a\\u0000b"')],
  ['metadata with a NUL', job(',"metadata":{"a":"\\u0000"}')],
  ['metadata whose name has a NUL', job(',"metadata":{"\\u0000":"a"}')],
  ['options with a NUL', job('', ',"options":{"a":["\\u0000"]}')],
  ['options whose name has a NUL', job('', ',"options":{"\\u0000":1}')],
  ['provider options with a NUL', job('', ',"providerOptions":{"api2convert":{"a":"\\u0000"}}')],
  ['a tag with half a pair', job(',"tag":"\\ud800"')],
  ['metadata with half a pair', job(',"metadata":{"a":"\\udc00"}')],
  ['options with half a pair', job('', ',"options":{"a":"\\ud83d"}')],
])('%s is refused, or taken: never a fault of ours', async (_, body) => {
  const answer = await post(body);
  expect([202, 400, 422]).toContain(answer.status);
});

it('a control: whole pairs and every other character are taken, and come back', async () => {
  const tag = 'a\u0001\u200b👩‍👩‍👧\uffff';
  const answer = await post(job(`,"tag":${JSON.stringify(tag)}`));
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ tag });
});

it.each(['tag=%00', 'provider=a%00b', 'createdAfter=2026-W05', 'createdBefore=20260131', 'createdAfter=2026-01-31T24', 'cursor=%00', 'tag=%ED%A0%80', 'tag=%FF'])('GET /v1/jobs?%s is refused, or answered: never a fault of ours', async (query) => {
  expect([200, 400, 422]).toContain((await gateway.call(`/v1/jobs?${query}`)).status);
});
