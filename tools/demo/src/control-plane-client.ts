/** The control plane refused a call. */
export class CallRefused extends Error {
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${String(status)} ${body.slice(0, 400)}`);
    this.name = 'CallRefused';
    this.status = status;
  }
}

/** A task as the demonstration needs it. */
export interface DemoTask {
  readonly idc: string;
  readonly sn: string;
  readonly status: string;
  readonly percent: number;
  readonly status_history: readonly { readonly status: string; readonly reason: string }[];
}

/** Calls the control plane as any pipeline would. */
export class ControlPlaneClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async call(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> {
    const json =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}${path}`, { method, ...json });
    const text = await response.text();
    if (!response.ok) throw new CallRefused(`${method} ${path}`, response.status, text);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  async tasks(): Promise<readonly DemoTask[]> {
    return (await this.call('GET', '/api/v1/tasks?limit=1000')) as readonly DemoTask[];
  }

  /** Like {@link call}, but a 409 counts as done: a second demonstration finds the work of the first. */
  async ensure(method: 'POST' | 'PUT', path: string, body?: unknown): Promise<void> {
    try {
      await this.call(method, path, body);
    } catch (error) {
      if (!(error instanceof CallRefused) || error.status !== 409) throw error;
    }
  }
}
