import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request itself; `true` when it did. */
export type Intervention = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An upstream on loopback that counts what it sends, honours Range and If-Range, and can be told to misbehave. */
export class TestUpstream implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });
  bytes: Buffer;
  etag: string | undefined = '"v1"';
  intervene: Intervention = () => false;
  /** Of bodies, as handed to the network. */
  octetsSent = 0;
  readonly requests: { readonly url: string | undefined; readonly range: string | undefined }[] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sends octets from `start` on as far as `end`, and breaks off. */
  breakOff(response: ServerResponse, start: number, end: number): void {
    const { bytes } = this;
    const place = start === 0 ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start === 0 ? 200 : 206, { etag: '"v1"', 'content-length': bytes.length - start, ...place });
    this.octetsSent += end - start;
    response.write(bytes.subarray(start, end), () => {
      response.destroy();
    });
  }

  /** Sends a body and counts it. */
  send(response: ServerResponse, body: Buffer): void {
    this.octetsSent += body.length;
    response.write(body);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range, 'if-none-match': noneMatch, 'if-range': ifRange } = request.headers;
    this.requests.push({ url: request.url, range });
    if (this.intervene(request, response)) return;
    const validators = this.etag === undefined ? {} : { etag: this.etag };
    if (noneMatch !== undefined && noneMatch === this.etag) {
      response.writeHead(304, validators).end();
      return;
    }
    const start = startOf(range);
    const isPart = start !== undefined && (ifRange === undefined || ifRange === this.etag);
    const body = isPart ? this.bytes.subarray(start) : this.bytes;
    const place = isPart ? { 'content-range': `bytes ${start}-${this.bytes.length - 1}/${this.bytes.length}` } : {};
    response.writeHead(isPart ? 206 : 200, { ...validators, ...place, 'content-length': body.length });
    this.send(response, body);
    response.end();
  }
}

/** The first octet asked for. */
export function startOf(range: string | undefined): number | undefined {
  const [, first] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  return first === undefined ? undefined : Number(first);
}
