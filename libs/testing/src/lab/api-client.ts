import type { TaskStatus } from '@rackwright/domain-provisioning';

/** The service refused a call. */
export class CallRefused extends Error {
  readonly status: number;
  readonly body: string;

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${String(status)} ${body.slice(0, 500)}`);
    this.name = 'CallRefused';
    this.status = status;
    this.body = body;
  }
}

/** A task as tests and the demonstration look at it. */
export interface TaskSummary {
  readonly task_id: string;
  readonly idc: string;
  readonly sn: string;
  readonly mac: string;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly percent: number;
  readonly pxe_configured: boolean;
  readonly progress: readonly { readonly step: string; readonly percent: number }[];
  readonly status_history: readonly { readonly status: string; readonly reason: string }[];
  readonly traceparent?: string;
  readonly revision: string;
}

/** Calls a service as any pipeline would. */
export class ApiClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The JSON of a 2xx answer; rejects with {@link CallRefused} on others. */
  async call<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const json =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}${path}`, { method, ...json });
    const text = await response.text();
    if (!response.ok) throw new CallRefused(`${method} ${path}`, response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  tasks(): Promise<readonly TaskSummary[]> {
    return this.call('GET', '/api/v1/tasks?limit=1000');
  }

  task(idc: string, sn: string): Promise<TaskSummary> {
    return this.call('GET', `/api/v1/tasks/${idc}/${sn}`);
  }
}
