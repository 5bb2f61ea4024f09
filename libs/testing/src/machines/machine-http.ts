import { pause } from './dhcp-client.js';

/** An answer, read completely. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface HttpCall {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly json?: unknown;
  readonly ndjson?: readonly unknown[];
  readonly token?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
}

/** The server answered, and the answer will not change by asking again. */
class HttpRefused extends Error {
  readonly status: number;

  constructor(call: HttpCall, answer: HttpAnswer) {
    const text = Buffer.from(answer.body).toString('utf8').slice(0, 500);
    super(`${call.method ?? 'GET'} ${call.url}: ${String(answer.status)} ${text}`);
    this.name = 'HttpRefused';
    this.status = answer.status;
  }
}

const SLOW_ANSWER_MS = 30_000;

/** The HTTP client of a machine: it keeps trying while servers are away, as firmware and agents do. */
export class MachineHttp {
  readonly #retryMs: number;
  readonly #signal: AbortSignal;
  readonly #onRetry: (reason: string) => void;

  constructor(setup: {
    readonly retryMs: number;
    readonly signal: AbortSignal;
    readonly onRetry: (reason: string) => void;
  }) {
    this.#retryMs = setup.retryMs;
    this.#signal = setup.signal;
    this.#onRetry = setup.onRetry;
  }

  /** A 2xx answer; retries network failures, 429 and 5xx for ever, rejects with {@link HttpRefused} on the rest. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    for (;;) {
      const answer = await this.once(call);
      if (typeof answer !== 'string') {
        if (answer.status < 300) return answer;
        if (answer.status < 500 && answer.status !== 429) throw new HttpRefused(call, answer);
        this.#onRetry(`${call.url}: ${String(answer.status)}`);
      } else {
        this.#onRetry(`${call.url}: ${answer}`);
      }
      await pause(this.#retryMs, this.#signal);
    }
  }

  async json(call: HttpCall): Promise<unknown> {
    const { body } = await this.call(call);
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  }

  async text(call: HttpCall): Promise<string> {
    const { body } = await this.call(call);
    return Buffer.from(body).toString('utf8');
  }

  /** One answer whatever its status, or why there was none. */
  async once(call: HttpCall): Promise<HttpAnswer | string> {
    this.#signal.throwIfAborted();
    try {
      const response = await fetch(call.url, {
        method: call.method ?? 'GET',
        headers: headersOf(call),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(SLOW_ANSWER_MS)]),
        ...bodyOf(call),
      });
      const body = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      this.#signal.throwIfAborted();
      const { message, cause } = error as Error;
      return cause instanceof Error ? cause.message : message;
    }
  }
}

function headersOf(call: HttpCall): Record<string, string> {
  return {
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.ndjson === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
  };
}

function bodyOf(call: HttpCall): { readonly body?: string } {
  if (call.json !== undefined) return { body: JSON.stringify(call.json) };
  if (call.ndjson !== undefined) return { body: call.ndjson.map((line) => `${JSON.stringify(line)}\n`).join('') };
  return {};
}
