import type { Problem } from '@rackwright/contracts';
import { CliFailure, type CliWorld } from './cli-world.js';

/** A region that is asked through the control plane has ten seconds; the rest is for the network. */
const CALL_TIMEOUT_MS = 20_000;
const WHERE = '--server or RW_SERVER says where';

/** Calls the API of a control plane or a region. */
export class ApiClient {
  readonly #world: Pick<CliWorld, 'fetch' | 'deadline'>;
  readonly #server: string;

  constructor(world: Pick<CliWorld, 'fetch' | 'deadline'>, server: string) {
    this.#world = world;
    this.#server = server.replace(/\/+$/, '');
  }

  /** The JSON answer. Throws {@link CliFailure} when there is none or it is a problem. */
  async post(path: string, body: object): Promise<unknown> {
    const response = await this.#send(path, body);
    const text = await response.text();
    const answer = parseJson(text);
    if (response.ok && answer !== undefined) return answer;
    throw new CliFailure(problemText(response.status, answer, this.#server));
  }

  async #send(path: string, body: object): Promise<Response> {
    try {
      return await this.#world.fetch(`${this.#server}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
        signal: this.#world.deadline(CALL_TIMEOUT_MS),
      });
    } catch (error) {
      throw new CliFailure(`cannot reach ${this.#server}: ${reasonOf(error)} (${WHERE})`, { cause: error });
    }
  }
}

/** `fetch` hides what happened behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${CALL_TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message;
}

function parseJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function problemText(status: number, answer: object | undefined, server: string): string {
  const { detail, code, errors = [] } = (answer ?? {}) as Partial<Problem>;
  if (detail === undefined)
    return `${server} answered with status ${status} and no explanation: is it Rackwright? (${WHERE})`;
  const fields = errors.map((error) => `\n  ${error.pointer}: ${error.detail}`).join('');
  return `${detail} (${code ?? status})${fields}`;
}
