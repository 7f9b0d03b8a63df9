import type { StageStep, StageWork } from '../../../src/conversion/provider.js';
import { toCreateBody } from '../../../src/providers/api2convert/mapper.js';
import { settingsSchema } from '../../../src/providers/api2convert/wire.js';
import { bench, idle, runningJob } from '../conformance/bench.js';
import { harness } from './harness.js';
import { completed, step, toPng, work } from './samples.js';

const settings = settingsSchema.parse({});
const saying = (providerOptions: object, more: Partial<StageStep> = {}): StageWork => ({ ...work, steps: [{ ...toPng, ...more, providerOptions: providerOptions as StageStep['providerOptions'] }] });
const bodyOf = (staged: StageWork) => toCreateBody(staged, settings);

describe('what a caller says for api2convert alone stands where the vendor takes it', () => {
  it('fields of the job', () => {
    const said = { fail_on_input_error: false, fail_on_conversion_error: false, limits: { job: 60 }, download_passwords: ['one', 'two'], notify_status: true };
    expect(bodyOf(saying({ ...said, color: 'gray' }))).toMatchObject({ ...said, process: false, conversion: [{ options: { color: 'gray', allow_multiple_outputs: true } }] });
    expect(Object.keys(bodyOf(saying({ ...said, color: 'gray' })).conversion[0]?.options ?? {})).toEqual(['allow_multiple_outputs', 'color']);
  });

  it('never over what is ours', () => {
    const taken = bodyOf(saying({ process: true, callback: 'https://elsewhere.example', input: [], conversion: [] }));
    expect(taken).toMatchObject({ process: false, callback: work.callbackUrl, input: [{ type: 'remote' }] });
    expect(taken.conversion).toHaveLength(1);
  });

  it('metadata of the result, and a preset among its options', () => {
    expect(bodyOf(saying({ metadata: { author: 'me' }, preset: '5ad9' })).conversion).toMatchObject([{ metadata: { author: 'me' }, options: { preset: '5ad9' } }]);
    expect(bodyOf(saying({ metadata: { author: 'me' } }, { options: { stripMetadata: true } })).conversion).toMatchObject([{ metadata: { clear_all: true, author: 'me' } }]);
    expect(bodyOf(saying({}, { options: { stripMetadata: false } })).conversion[0]).not.toHaveProperty('metadata');
  });

  it.each(['video', 'website', 'zip', 'file'])('the engine %s that fetches its address', (engine) => {
    expect(bodyOf(saying({ engine })).input).toMatchObject([{ type: 'remote', engine }]);
    expect(bodyOf(saying({ engine })).conversion[0]?.options).not.toHaveProperty('engine');
  });

  it('inputs of other jobs of the account, beside its own', () => {
    expect(bodyOf(saying({ input_id: ['theirs-1', 'theirs-2', ''] })).input).toMatchObject([{ type: 'remote' }, { type: 'input_id', source: 'theirs-1' }, { type: 'input_id', source: 'theirs-2' }]);
    expect(bodyOf(saying({ input_id: 'theirs-1' })).input).toHaveLength(2);
    expect(bodyOf(saying({ input_id: 7 })).input).toHaveLength(1);
  });

  it('the window of a captured page belongs to the page', () => {
    const capture = step({ operation: 'capture', inputs: [], parameters: { url: 'https://example.com', to: 'png' }, options: { viewportWidth: 1280, viewportHeight: 1024, deviceScale: 2, rotate: 90 } });
    expect(bodyOf({ ...work, inputs: [], steps: [capture] })).toMatchObject({ input: [{ engine: 'screenshot', options: { screen_width: 1280, screen_height: 1024, device_scale_factor: 2 } }], conversion: [{ options: { rotate: 90 } }] });
  });

  it('a protected result is fetched with its passwords', async () => {
    const job = { ...runningJob(harness), steps: saying({ download_passwords: ['one', 'two'] }, { options: { download_password: 'three' } }).steps };
    const report = await bench(harness, [{ status: 200, body: completed() }]).provider.read(job, idle());
    expect(report).toMatchObject({ state: 'succeeded', results: [{ headers: { 'x-oc-download-password': 'three,one,two' } }] });
    const open = await bench(harness, [{ status: 200, body: completed() }]).provider.read(runningJob(harness), idle());
    expect(open.state === 'succeeded' && open.results.every((file) => !('headers' in file))).toBe(true);
  });
});
