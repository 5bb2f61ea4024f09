import { silentLogger, type Cancel, type Clock, type Ipv4, type Logger, type Random } from '@rackwright/kernel';
import type { AddressProbe, ProbeAnswer } from '@rackwright/contracts';
import { openEchoSocket, type EchoSocket } from './echo-socket.js';
import type { CallFailure } from './libc.js';

export interface IcmpAddressProbeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  /** Addresses asked at the same time; what comes on top is not asked. */
  readonly maxAtOnce?: number;
}

interface Question {
  readonly sequence: number;
  readonly answered: Promise<ProbeAnswer>;
  readonly settle: (answer: ProbeAnswer) => void;
}

/**
 * The kernel keeps an entry for 3 s for every neighbour that does not answer ARP, and has 1024 of them before traffic
 * suffers: with deadlines of half a second this fills three quarters.
 */
const DEFAULT_MAX_AT_ONCE = 128;
const POLL_MS = 10;
/** A turn ends after so many messages, whoever sends them. */
const MAX_MESSAGES_PER_TURN = 512;
const SEQUENCES = 0x1_0000;

/** Echo requests through one socket, which is read only while an answer is awaited. */
export class IcmpAddressProbe implements AddressProbe {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxAtOnce: number;
  readonly #identifier: number;
  readonly #questions = new Map<Ipv4, Question>();
  readonly #reported = new Set<string>();
  #socket: EchoSocket | undefined;
  #cancelPoll: Cancel | undefined;
  #sequence = 0;
  #isClosed = false;

  constructor({ clock, random, logger, maxAtOnce }: IcmpAddressProbeOptions) {
    this.#clock = clock;
    this.#logger = logger ?? silentLogger;
    this.#maxAtOnce = maxAtOnce ?? DEFAULT_MAX_AT_ONCE;
    const [high = 0, low = 0] = random.bytes(2);
    this.#identifier = (high << 8) | low;
  }

  ask(address: Ipv4, deadlineMs: number): Promise<ProbeAnswer> {
    const asked = this.#questions.get(address);
    if (asked !== undefined) return asked.answered;
    const socket = this.#questions.size < this.#maxAtOnce ? this.#open() : undefined;
    if (socket === undefined) return Promise.resolve('not-asked');
    // What arrived while nobody waited must not fill the buffer before the answer.
    if (this.#questions.size === 0) this.#receive(socket);
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    const failed = socket.send(address, this.#sequence);
    if (failed === undefined) return this.#await(address, deadlineMs);
    this.#report(failed);
    return Promise.resolve('not-asked');
  }

  /** Leaves nobody waiting. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { settle } of [...this.#questions.values()]) settle('not-asked');
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
  }

  #await(address: Ipv4, deadlineMs: number): Promise<ProbeAnswer> {
    const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
    const cancelDeadline = this.#clock.schedule(deadlineMs, () => {
      // The answer may be waiting in the socket while this process was busy.
      if (this.#socket !== undefined) this.#receive(this.#socket);
      settle('silent');
    });
    const settle = (answer: ProbeAnswer): void => {
      cancelDeadline();
      this.#questions.delete(address);
      if (this.#questions.size === 0) this.#stopPolling();
      resolve(answer);
    };
    this.#questions.set(address, { sequence: this.#sequence, answered: promise, settle });
    this.#pollLater();
    return promise;
  }

  #pollLater(): void {
    this.#cancelPoll ??= this.#clock.schedule(POLL_MS, () => {
      this.#cancelPoll = undefined;
      if (this.#socket !== undefined) this.#receive(this.#socket);
      if (this.#questions.size > 0) this.#pollLater();
    });
  }

  #stopPolling(): void {
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
  }

  #receive(socket: EchoSocket): void {
    for (let messages = 0; messages < MAX_MESSAGES_PER_TURN; messages += 1) {
      const reply = socket.receive();
      if (reply === undefined) return;
      if (reply === 'other') continue;
      const question = this.#questions.get(reply.from);
      if (question?.sequence === reply.sequence) question.settle('in-use');
    }
  }

  #open(): EchoSocket | undefined {
    if (this.#isClosed || this.#socket !== undefined) return this.#socket;
    const opened = openEchoSocket(this.#identifier);
    if ('call' in opened) this.#report(opened);
    else this.#socket = opened;
    return this.#socket;
  }

  /** Each reason once: the next thousand machines meet the same one. */
  #report({ call, code }: CallFailure): void {
    if (this.#reported.has(code)) return;
    this.#reported.add(code);
    const isForbidden = code === 'EPERM' || code === 'EACCES';
    const remedy = isForbidden ? { remedy: 'grant CAP_NET_RAW or widen net.ipv4.ping_group_range' } : {};
    this.#logger.warn({ call, code, ...remedy }, 'addresses cannot be probed before they are offered');
  }
}
