import { startGateway, type Gateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { convertCall } from './rest/convert-call.js';
import { downloads } from './rest/downloads.js';
import { lists } from './rest/lists.js';
import { mainJobs } from './rest/main-jobs.js';
import { troubles } from './rest/troubles.js';
import { SAMPLES } from './support/rest.js';

/** One gateway, as `npm start` brings it up, with its sandbox: addresses are answered from the samples. */
let gateway: Gateway;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  gateway = await startGateway({ DATABASE_URL: database.url, SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20', POLL_FLOOR_MS: '50' });
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await database.drop();
});

describe('the main job', () => mainJobs(() => gateway));
describe('POST /v1/convert', () => convertCall(() => gateway));
describe('downloads', () => downloads(() => gateway));
describe('lists', () => lists(() => gateway));
describe('trouble at the vendors', () => troubles(() => gateway));
