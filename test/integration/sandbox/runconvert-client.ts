import { call, textOf, until, type Answer, type Json, type Request } from './support.js';

const ENDED = ['completed', 'failed', 'finished', 'error'];

/** A caller of RunConvert with an account's key. */
export class RunConvertClient {
  constructor(
    private readonly url: string,
    private readonly key = 'rc_live_test',
  ) {}

  request(path: string, request: Request = {}): Promise<Answer> {
    return call(this.url + path, { ...request, headers: { authorization: `Bearer ${this.key}`, ...request.headers } });
  }

  async create(tasks: unknown, tag?: string): Promise<Json> {
    const answer = await this.request('/process/jobs', { json: { tag, tasks } });
    if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return answer.json;
  }

  async read(id: unknown): Promise<Json> {
    return (await this.request(`/process/jobs/${textOf(id)}`)).json;
  }

  ended(id: unknown): Promise<Json> {
    return until(() => this.read(id), (job) => ENDED.includes(textOf(job.status)));
  }

  /** Creates a job and waits for its end. */
  async run(tasks: unknown): Promise<Json> {
    return this.ended((await this.create(tasks)).id);
  }
}

export function taskOf(job: Json, name: string): Json {
  const task = (job.tasks as unknown as Json[]).find((one) => textOf(one.name) === name);
  if (!task) throw new Error(`The job has no task ${name}.`);
  return task;
}

export const importing = (name: string): object => ({ operation: 'import/url', url: `https://files.example/${name}` });

/** Import, convert to PNG, export: the vendor's own first example. */
export const toPng = (name: string): Record<string, object> => ({
  'import-1': importing(name),
  'convert-1': { operation: 'convert', input: 'import-1', output_format: 'png' },
  'export-1': { operation: 'export/url', input: 'convert-1' },
});
