import { Speaker, type Received } from './speaker.js';
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
  /** How long an answer may take; default 30 s. */
  readonly answerMs?: number;
}

/** Where and how an exchange did not go as it should. */
export class ExchangeDiffers extends Error {
  constructor({ statement, title }: TftpExchange, step: number, what: string) {
    super(`${statement} ${title}: step ${String(step + 1)}: ${what}`);
    this.name = 'ExchangeDiffers';
  }
}

const DEFAULT_ANSWER_MS = 30_000;
/** What was not answered for so long may come again: the shortest time-out there is, that of RFC 2349. */
const REPEATED_AFTER_MS = 1_000;
/** A packet that came so soon after one of ours may have left before it was read. */
const CROSSING_MS = 300;
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
type Speaking = 'client' | 'stranger';

/**
 * A machine that stands still for a while makes our answers late, and the server repeats what was right to repeat. What
 * the time of a packet proves is asserted, and nothing else.
 */
class Player {
  readonly #target: TftpTarget;
  readonly #speakers: Readonly<Record<Speaking, Speaker>>;
  /** The first copy of each packet that was received. */
  readonly #seen = new Map<string, Received>();
  #transferPort: number | undefined;
  /** The earliest the server can have done the last thing that was seen of it. */
  #quietFromMs = 0;
  #sentAtMs = 0;

  constructor(target: TftpTarget, speakers: Readonly<Record<Speaking, Speaker>>) {
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
    this.#sentAtMs = performance.now();
    this.#quietFromMs = this.#sentAtMs;
    await this.#speakers[by].send(Buffer.from(send, 'hex'), destination, address);
    return undefined;
  }

  async #expect({ expect, content, freshPort }: ExpectStep): Promise<Difference> {
    const wanted = Buffer.concat([Buffer.from(expect, 'hex'), this.#contentOf(content)]);
    const received = await this.#receive('client', ({ bytes }) => wanted.equals(bytes));
    if (received === undefined) return 'no answer';
    const { bytes, from } = received;
    this.#transferPort = from.port;
    const mustBeFresh = freshPort === true && this.#target.isSinglePort !== true;
    if (mustBeFresh && from.port === this.#target.port) return 'the answer came from the request port';
    return wanted.equals(bytes) ? undefined : `expected ${show(wanted)}, got ${show(bytes)}`;
  }

  async #expectError({ expectError, by = 'client' }: ExpectErrorStep): Promise<Difference> {
    const received = await this.#receive(by, () => false);
    if (received === undefined) return 'no answer';
    const { bytes } = received;
    const isWhole = bytes.length > 4 && bytes.indexOf(0, 4) === bytes.length - 1;
    const isRight = bytes.readUInt16BE(0) === ERROR_OPCODE && bytes.readUInt16BE(2) === expectError;
    return isWhole && isRight ? undefined : `expected ERROR ${String(expectError)}, got ${show(bytes)}`;
  }

  async #expectSilence({ silentMs, by = 'client' }: SilenceStep): Promise<Difference> {
    const speaker = this.#speakers[by];
    const endsAtMs = performance.now() + silentMs;
    for (let leftMs = silentMs; leftMs > 0; leftMs = endsAtMs - performance.now()) {
      const received = await speaker.receive(leftMs);
      if (received === undefined) return undefined;
      if (received.latestMs - this.#quietFromMs >= silentMs) {
        speaker.putBack(received);
        return undefined;
      }
      const hasCrossed = received.earliestMs - this.#sentAtMs < CROSSING_MS;
      if (!hasCrossed || !this.#isRepeated(received)) return `expected silence, got ${show(received.bytes)}`;
    }
    return undefined;
  }

  /** The next packet; passes over those that the server repeated because we were late, unless they are wanted. */
  async #receive(by: Speaking, isWanted: (received: Received) => boolean): Promise<Received | undefined> {
    for (;;) {
      const received = await this.#speakers[by].receive(this.#target.answerMs ?? DEFAULT_ANSWER_MS);
      if (received === undefined) return undefined;
      const isNews = isWanted(received) || !this.#isRepeated(received);
      if (!isNews) continue;
      const key = keyOf(received);
      if (!this.#seen.has(key)) this.#seen.set(key, received);
      this.#quietFromMs = received.earliestMs;
      return received;
    }
  }

  #isRepeated(received: Received): boolean {
    const first = this.#seen.get(keyOf(received));
    return first !== undefined && received.latestMs - first.earliestMs >= REPEATED_AFTER_MS;
  }

  #contentOf(content: ExpectStep['content']): Uint8Array {
    if (content === undefined) return Buffer.alloc(0);
    const [name, offset, length] = content;
    const file = this.#target.files.get(name);
    if (file === undefined) throw new Error(`the vectors have no file ${name}`);
    return file.subarray(offset, offset + length);
  }
}

function keyOf({ bytes, from }: Received): string {
  return `${String(from.port)} ${bytes.toString('latin1')}`;
}

function show(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_OCTETS)).toString('hex');
  return `${String(bytes.length)} octets ${shown}${bytes.length > SHOWN_OCTETS ? '…' : ''}`;
}
