import { Agent, request, type IncomingMessage } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  /** Octets of the body, also of one that HEAD leaves out. */
  readonly length: number;
  readonly text: string;
}

export interface JsonCall {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly token?: string;
}

/** An HTTP client with as little overhead of its own as possible: connections stay open and nothing is parsed. */
export class JsonClient implements Disposable {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, maxSockets = 1) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  /** Any answer, whatever its status. */
  call({ method, path, body, token }: JsonCall): Promise<HttpAnswer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { hostname, port } = this.#url;
    const headers = {
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers, agent: this.#agent }, (answer) => {
        readAnswer(answer).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  /** The text of an answer with a status below 300; rejects on others. */
  async must(call: JsonCall): Promise<string> {
    const { status, text } = await this.call(call);
    if (status >= 300) throw new Error(`${call.method} ${call.path}: ${String(status)} ${text.slice(0, 500)}`);
    return text;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readAnswer(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const length = Number(answer.headers['content-length'] ?? 0);
  return { status: answer.statusCode ?? 0, length, text: Buffer.concat(chunks).toString('utf8') };
}
