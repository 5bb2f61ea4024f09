import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type {
  ExchangeStep,
  ExpectErrorStep,
  ExpectStep,
  SendStep,
  SilenceStep,
  TftpExchange,
} from './tftp-exchange.js';

/** The server under test. */
export interface TftpTarget {
  readonly address: string;
  readonly port: number;
  /** What its files hold. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** It answers from the request port by design. */
  readonly isSinglePort?: boolean;
  /** How long an answer may take; default 5 s. */
  readonly answerMs?: number;
}

/** Where and how an exchange did not go as it should. */
export class ExchangeDiffers extends Error {
  constructor({ statement, title }: TftpExchange, step: number, what: string) {
    super(`${statement} ${title}: step ${String(step + 1)}: ${what}`);
    this.name = 'ExchangeDiffers';
  }
}

const DEFAULT_ANSWER_MS = 5_000;
const ERROR_OPCODE = 5;
/** A packet that differs is shown up to here. */
const SHOWN_OCTETS = 48;

/** Plays one exchange with real sockets; rejects with {@link ExchangeDiffers} at the first packet that is not as it should be. */
export async function playTftpExchange(exchange: TftpExchange, target: TftpTarget): Promise<void> {
  await using client = await Speaker.open();
  await using stranger = await Speaker.open();
  const player = new Player(target, { client, stranger });
  for (const [index, step] of exchange.steps.entries()) {
    const difference = await player.play(step);
    if (difference !== undefined) throw new ExchangeDiffers(exchange, index, difference);
  }
}

type Difference = string | undefined;

class Player {
  readonly #target: TftpTarget;
  readonly #speakers: Readonly<Record<'client' | 'stranger', Speaker>>;
  #transferPort: number | undefined;

  constructor(target: TftpTarget, speakers: Readonly<Record<'client' | 'stranger', Speaker>>) {
    this.#target = target;
    this.#speakers = speakers;
  }

  async play(step: ExchangeStep): Promise<Difference> {
    if ('send' in step) return this.#send(step);
    if ('expect' in step) return this.#expect(step);
    return 'expectError' in step ? this.#expectError(step) : this.#expectSilence(step);
  }

  async #send({ send, by = 'client', to }: SendStep): Promise<Difference> {
    const { address, port } = this.#target;
    const destination = to === 'server' ? port : (this.#transferPort ?? port);
    await this.#speakers[by].send(Buffer.from(send, 'hex'), destination, address);
    return undefined;
  }

  async #expect({ expect, content, freshPort }: ExpectStep): Promise<Difference> {
    const received = await this.#speakers.client.receive(this.#answerMs);
    if (received === undefined) return 'no answer';
    const { bytes, from } = received;
    this.#transferPort = from.port;
    const mustBeFresh = freshPort === true && this.#target.isSinglePort !== true;
    if (mustBeFresh && from.port === this.#target.port) return 'the answer came from the request port';
    const wanted = Buffer.concat([Buffer.from(expect, 'hex'), this.#contentOf(content)]);
    return wanted.equals(bytes) ? undefined : `expected ${show(wanted)}, got ${show(bytes)}`;
  }

  async #expectError({ expectError, by = 'client' }: ExpectErrorStep): Promise<Difference> {
    const received = await this.#speakers[by].receive(this.#answerMs);
    if (received === undefined) return 'no answer';
    const { bytes } = received;
    const isWhole = bytes.length > 4 && bytes.indexOf(0, 4) === bytes.length - 1;
    const isRight = bytes.readUInt16BE(0) === ERROR_OPCODE && bytes.readUInt16BE(2) === expectError;
    return isWhole && isRight ? undefined : `expected ERROR ${String(expectError)}, got ${show(bytes)}`;
  }

  async #expectSilence({ silentMs, by = 'client' }: SilenceStep): Promise<Difference> {
    const received = await this.#speakers[by].receive(silentMs);
    return received === undefined ? undefined : `expected silence, got ${show(received.bytes)}`;
  }

  get #answerMs(): number {
    return this.#target.answerMs ?? DEFAULT_ANSWER_MS;
  }

  #contentOf(content: ExpectStep['content']): Uint8Array {
    if (content === undefined) return Buffer.alloc(0);
    const [name, offset, length] = content;
    const file = this.#target.files.get(name);
    if (file === undefined) throw new Error(`the vectors have no file ${name}`);
    return file.subarray(offset, offset + length);
  }
}

interface Received {
  readonly bytes: Buffer;
  readonly from: RemoteInfo;
}

/** One port of the client, with what came to it in order. */
class Speaker implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #queue: Received[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      this.#queue.push({ bytes, from });
      this.#wake();
    });
  }

  static async open(): Promise<Speaker> {
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    return new Speaker(socket);
  }

  async send(bytes: Uint8Array, port: number, address: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(bytes, port, address, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** The next packet, or `undefined` when none comes in time. */
  async receive(waitMs: number): Promise<Received | undefined> {
    if (this.#queue.length === 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#wake = () => {
        resolve(undefined);
      };
      const timer = setTimeout(this.#wake, waitMs);
      await promise;
      clearTimeout(timer);
    }
    return this.#queue.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

function show(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_OCTETS)).toString('hex');
  return `${String(bytes.length)} octets ${shown}${bytes.length > SHOWN_OCTETS ? '…' : ''}`;
}
