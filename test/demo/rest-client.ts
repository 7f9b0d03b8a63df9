/** The part of a job that the demo looks at. */
export interface Job {
  readonly id: string;
  readonly status: string;
  readonly progress: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly steps: readonly { readonly id: string; readonly status: string; readonly provider: string | null }[];
  readonly attempts: readonly { readonly provider: string; readonly status: string }[];
  readonly outputs: readonly { readonly step: string; readonly filename: string; readonly url: string }[];
}

export interface TimelineEvent {
  readonly type: string;
  readonly at: string;
  readonly cause: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The gateway as any caller meets it: an address, a key, HTTP. */
export class RestClient {
  private readonly url: string;
  private readonly key: string;
  private readonly signal: AbortSignal;

  constructor({ url, key }: { readonly url: string; readonly key: string }, signal: AbortSignal) {
    this.url = url;
    this.key = key;
    this.signal = signal;
  }

  send(body: object): Promise<Job> {
    return this.json('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  upload(jobId: string, inputId: string, bytes: Buffer): Promise<Job> {
    return this.json(`/v1/jobs/${jobId}/inputs/${inputId}/content`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(bytes) });
  }

  read(jobId: string): Promise<Job> {
    return this.json(`/v1/jobs/${jobId}`);
  }

  async timeline(jobId: string): Promise<readonly TimelineEvent[]> {
    const { data } = await this.json<{ data: readonly TimelineEvent[] }>(`/v1/jobs/${jobId}/events`);
    return data;
  }

  async download(url: string): Promise<Buffer> {
    return Buffer.from(await (await this.ask(url)).arrayBuffer());
  }

  private async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.ask(`${this.url}${path}`, init)).json()) as T;
  }

  private async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string> | undefined), authorization: `Bearer ${this.key}` };
    const what = `${init.method ?? 'GET'} ${new URL(url).pathname}`;
    const answer = await fetch(url, { ...init, headers, signal: this.signal }).catch((error: unknown) => {
      throw new Error(`The gateway cannot be reached any more: ${what} was not answered.`, { cause: error });
    });
    if (!answer.ok) throw new Error(`${what} was answered with ${answer.status}: ${await answer.text()}`);
    return answer;
  }
}
