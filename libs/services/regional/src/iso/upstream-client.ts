import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { UpstreamAllowList } from './iso-upstream.js';
import { UpstreamError } from './upstream-fault.js';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** An answer whose body has not been read. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

export interface UpstreamClientParts {
  readonly allowed: UpstreamAllowList;
  /** Silence after which an upstream is given up. */
  readonly timeoutMs: number;
}

/** Asks upstreams; follows redirections only to where they are allowed to lead. */
export class UpstreamClient {
  readonly #parts: UpstreamClientParts;

  constructor(parts: UpstreamClientParts) {
    this.#parts = parts;
  }

  /** The answer to a GET. Rejects with `UpstreamError`; `signal` ends the request and its body. */
  async get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<UpstreamAnswer> {
    let target = new URL(url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      if (!this.#parts.allowed.allows(target)) {
        throw new UpstreamError(
          'upstream-redirect-refused',
          `the upstream leads to ${target.origin}, which is not allowed`,
        );
      }
      const body = await this.#ask(target, headers, signal);
      const status = body.statusCode ?? 0;
      const { location } = body.headers;
      if (!REDIRECTS.has(status) || location === undefined) return { status, headers: body.headers, body };
      body.destroy();
      if (!URL.canParse(location, target.href)) break;
      target = new URL(location, target);
    }
    throw new UpstreamError('upstream-redirect-refused', 'the upstream redirects without an end or to no URL');
  }

  #ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const { timeoutMs } = this.#parts;
    const options: RequestOptions = {
      method: 'GET',
      headers: { 'accept-encoding': 'identity', 'user-agent': 'rackwright', ...headers },
      timeout: timeoutMs,
      signal,
      agent: false,
    };
    return new Promise((resolve, reject) => {
      let body: IncomingMessage | undefined;
      const take = (answer: IncomingMessage): void => {
        body = answer;
        resolve(answer);
      };
      const sent = url.protocol === 'https:' ? httpsRequest(url, options, take) : httpRequest(url, options, take);
      sent.on('timeout', () => {
        // It is we who are slow: the upstream may be waiting for us to take what it sent.
        if (body !== undefined && body.readableLength > 0) {
          body.socket.setTimeout(timeoutMs);
          return;
        }
        sent.destroy(
          new UpstreamError('upstream-stalled', `the upstream was silent for ${timeoutMs} ms`, { isPassing: true }),
        );
      });
      sent.on('error', (cause) => {
        if (cause instanceof UpstreamError) reject(cause);
        else
          reject(
            new UpstreamError('upstream-unreachable', 'the upstream cannot be reached', { isPassing: true, cause }),
          );
      });
      sent.end();
    });
  }
}
