import type {
  DatagramSocket,
  DatagramSockets,
  Endpoint,
  StreamListener,
  StreamListeners,
  StreamReceiver,
} from '@rackwright/contracts';
import { ANY_IPV4, backoffMs, type Cancel, type Clock, type Ipv4, type Logger, type Random } from '@rackwright/kernel';
import { FrameSplitter } from '@rackwright/protocol-syslog';
import type { SyslogIntake } from './syslog-intake.js';
import type { SyslogMetrics } from './syslog-metrics.js';
import { isSyslogOn, type SyslogConfig } from './syslog-settings.js';

/** Where DHCP clients and installers look: RFC 5426 section 3.3, and option 7 has no room for another. */
const STANDARD_PORT = 514;
/** A machine opens one, and perhaps another one while the first is not known to be dead. */
const MAX_CONNECTIONS_PER_ADDRESS = 8;
/** An installer that is busy unpacking says nothing for minutes. */
const IDLE_MS = 1_800_000;
const RETRY = { retryMinMs: 1_000, retryMaxMs: 60_000 } as const;

export interface SyslogReceiverParts {
  readonly config: SyslogConfig;
  readonly sockets: DatagramSockets;
  /** Without it there is no TCP. */
  readonly streams?: StreamListeners;
  readonly intake: SyslogIntake;
  readonly metrics: SyslogMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the receiver does, and where. */
export type SyslogStatus = Readonly<Record<'status' | 'address' | 'tcp_address', string>> & {
  readonly connections: number;
};

/** Listens for syslog. What cannot be opened is tried again: machines boot without it. */
export class SyslogReceiver implements AsyncDisposable {
  readonly #parts: SyslogReceiverParts;
  #udp: DatagramSocket | undefined;
  #tcp: StreamListener | undefined;
  #isRunning = false;
  #failures = 0;
  #cancelRetry: Cancel | undefined;
  #opening: Promise<void> = Promise.resolve();

  constructor(parts: SyslogReceiverParts) {
    this.#parts = parts;
  }

  status(): Partial<SyslogStatus> {
    const [udp, tcp] = [this.#udp?.local, this.#tcp?.local];
    return {
      status: udp === undefined ? 'stopped' : 'running',
      ...(udp === undefined ? {} : { address: `${udp.address}:${udp.port}` }),
      ...(tcp === undefined ? {} : { tcp_address: `${tcp.address}:${tcp.port}` }),
      connections: this.connections,
    };
  }

  get connections(): number {
    return this.#tcp?.connections ?? 0;
  }

  /** Where machines send to, while anybody listens there. */
  get target(): Endpoint | undefined {
    const { config } = this.#parts;
    if (this.#udp === undefined) return undefined;
    const { address, port } = this.#udp.local;
    return { address: address === ANY_IPV4 ? config.nextServer : address, port };
  }

  /** What DHCP tells machines: an address they can reach, with the port they suppose. */
  get logServer(): Ipv4 | undefined {
    const { target } = this;
    return target?.port !== STANDARD_PORT || target.address.startsWith('127.') ? undefined : target.address;
  }

  /** Resolves once opening has been tried; it never rejects. */
  async start(): Promise<void> {
    if (this.#isRunning || !isSyslogOn(this.#parts.config)) return;
    this.#isRunning = true;
    this.#opening = this.#open();
    await this.#opening;
  }

  /** Closes the sockets, and waits for what was taken to be passed on. {@link start} opens them again. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelRetry?.();
    await this.#opening;
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    await Promise.all([udp?.[Symbol.asyncDispose](), tcp?.[Symbol.asyncDispose]()]);
    await this.#parts.intake.idle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #open(): Promise<void> {
    const { config, clock, random, logger } = this.#parts;
    const place = { address: config.syslogAddress ?? config.nextServer, port: config.syslogPort };
    try {
      this.#udp ??= await this.#openUdp(place);
      this.#tcp ??= await this.#openTcp(place);
      this.#failures = 0;
      logger.info({ ...this.status() }, 'taking syslog');
    } catch (err) {
      this.#failures += 1;
      if (this.#failures === 1) logger.error({ err }, 'syslog cannot be taken; trying again');
      if (!this.#isRunning) return;
      this.#cancelRetry = clock.schedule(backoffMs(RETRY, this.#failures, random), () => {
        this.#opening = this.#open();
      });
    }
  }

  async #openUdp(place: Endpoint): Promise<DatagramSocket> {
    const socket = await this.#parts.sockets.open(place);
    socket.onDatagram((bytes, from) => {
      void this.#parts.intake.take(bytes, from.address, 'udp');
    });
    return socket;
  }

  async #openTcp(place: Endpoint): Promise<StreamListener | undefined> {
    const { config, streams, metrics, logger } = this.#parts;
    const limits = {
      maxConnections: config.syslogMaxConnections,
      maxConnectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
      idleMs: IDLE_MS,
      onRefused: () => {
        metrics.countRefused();
      },
      onAcceptError: (err: Error) => {
        logger.warn({ err }, 'syslog connection not taken');
      },
    };
    return streams?.listen({ ...place, ...limits }, ({ address }) => this.#receiverOf(address));
  }

  #receiverOf(address: Ipv4): StreamReceiver {
    const { intake } = this.#parts;
    const splitter = new FrameSplitter();
    return {
      receive: (bytes) => {
        let pending: Promise<void> | undefined;
        for (const frame of splitter.push(bytes)) pending = intake.take(frame, address, 'tcp') ?? pending;
        return pending;
      },
      end: () => {
        const last = splitter.end();
        if (last !== undefined) void intake.take(last, address, 'tcp');
      },
    };
  }
}
