import { violations } from './openapi.js';
import { call, methodOf, textOf, until, type Answer, type Json, type Request } from './support.js';

const ENDED = ['completed', 'failed', 'canceled'];

/** A caller of api2convert with an account's key. Every answer is held against the vendor's document. */
export class Api2convertClient {
  constructor(
    private readonly url: string,
    private readonly key = 'test-key',
  ) {}

  async request(path: string, request: Request = {}): Promise<Answer> {
    const answer = await call(this.url + path, { ...request, headers: { 'x-api2convert-api-key': this.key, ...request.headers } });
    const { status, headers, text: body } = answer;
    const wrong = request.spoilt ? [] : violations({ method: methodOf(request), path, status, contentType: headers.get('content-type'), body });
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return answer;
  }

  async create(json: unknown): Promise<Json> {
    const answer = await this.request('/jobs', { json });
    if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return answer.json;
  }

  async read(id: unknown): Promise<Json> {
    return (await this.request(`/jobs/${textOf(id)}`)).json;
  }

  ended(id: unknown): Promise<Json> {
    return until(() => this.read(id), (job) => ENDED.includes(textOf(job.status?.code)));
  }

  /** Creates a job and waits for its end. */
  async run(json: unknown): Promise<Json> {
    return this.ended((await this.create(json)).id);
  }

  /** With the job's token, as an upload is meant to be. */
  upload(job: Json, form: FormData, headers: Record<string, string> = {}): Promise<Answer> {
    return call(`${textOf(job.server)}/upload-file/${textOf(job.id)}`, { form, headers: { 'x-api2convert-token': textOf(job.token), ...headers } });
  }
}

export const remote = (name: string): { type: string; source: string } => ({ type: 'remote', source: `https://files.example/${name}` });
