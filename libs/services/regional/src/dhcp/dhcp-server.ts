import type { AddressProbe, DatagramSocket, DatagramSockets, Endpoint, LinkSenders } from '@rackwright/contracts';
import {
  decide,
  type Arrival,
  type DhcpDecision,
  type DhcpRequest,
  type LeaseChange,
  type Reply,
} from '@rackwright/domain-netboot';
import { ANY_IPV4, OperationalError, type Clock, type Ipv4, type Logger } from '@rackwright/kernel';
import { decodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import type { LeaseKeeper } from '../leases/lease-keeper.js';
import type { BootNotes } from './boot-notes.js';
import type { DecisionLog } from './decision-log.js';
import type { DhcpMetrics } from './dhcp-metrics.js';
import { listenAddress, type DhcpConfig } from './dhcp-settings.js';
import { OfferProbe } from './offer-probe.js';
import { RateLimiter } from './rate-limiter.js';
import { encodeReply } from './reply-packet.js';
import { ReplySender } from './reply-sender.js';
import { requestFactsOf } from './request-facts.js';
import type { SiteView } from './site-view.js';

export interface DhcpServerParts {
  readonly config: DhcpConfig;
  readonly sockets: DatagramSockets;
  /** Absent: every reply to a client without an address is broadcast. */
  readonly links?: LinkSenders;
  /** Absent: no address is probed. */
  readonly probe?: AddressProbe;
  readonly keeper: LeaseKeeper;
  readonly site: SiteView;
  readonly notes: BootNotes;
  readonly log: DecisionLog;
  readonly metrics: DhcpMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** IPv4 addresses of an interface of this machine. */
  readonly addressesOf: (interfaceName: string) => readonly Ipv4[];
}

/** A message on its way through the server. */
interface Incoming {
  readonly packet: DhcpPacket;
  readonly request: DhcpRequest;
  readonly arrival: Arrival;
  /** Where it came in and its reply goes out. */
  readonly socket: DatagramSocket;
  readonly receivedMs: number;
}

/** A decision whose change is made in memory; `durable` resolves once it is on disk. */
interface Outcome {
  readonly decision: DhcpDecision;
  readonly durable: Promise<void> | undefined;
}

/** The sockets of DHCP and of the PXE boot server: receives, lets `decide` decide, makes leases durable, sends. */
export class DhcpServer implements AsyncDisposable {
  readonly #parts: DhcpServerParts;
  readonly #limiter: RateLimiter;
  readonly #probe: OfferProbe | undefined;
  #sockets: readonly DatagramSocket[] = [];
  #sender: ReplySender | undefined;
  #addresses: Arrival['addresses'];
  #inFlight = 0;

  constructor(parts: DhcpServerParts) {
    this.#parts = parts;
    const { config, clock } = parts;
    this.#limiter = new RateLimiter(clock, { perSecond: config.dhcpRateLimit, burst: config.dhcpRateBurst });
    this.#probe = this.#offerProbe();
    this.#addresses = [config.nextServer];
  }

  /** Where DHCP listens, once started. */
  get local(): Endpoint | undefined {
    return this.#sockets[0]?.local;
  }

  /** Where the boot server listens, once started. */
  get bootServer(): Endpoint | undefined {
    return this.#sockets[1]?.local;
  }

  /** Addresses of the interface it serves; the first is its server identifier there. */
  get addresses(): Arrival['addresses'] {
    return this.#addresses;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Opens the sockets, unless the mode is off. */
  async start(): Promise<void> {
    const { config, logger } = this.#parts;
    if (config.dhcpMode === 'off') return;
    this.#addresses = this.#ownAddresses();
    this.#sender = new ReplySender(this.#parts);
    await this.#listen(config.dhcpPort, 'dhcp');
    await this.#listen(config.dhcpPxePort, 'boot-server');
    logger.info(
      {
        mode: config.dhcpMode,
        local: this.local,
        boot_server: this.bootServer,
        interface: config.dhcpInterface,
        dry_run: config.dhcpDryRun,
      },
      'DHCP is served',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = [];
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
    this.#sender?.[Symbol.dispose]();
    this.#sender = undefined;
  }

  async #listen(port: number, service: 'dhcp' | 'boot-server'): Promise<void> {
    const { config, sockets, metrics, logger } = this.#parts;
    const { dhcpInterface } = config;
    const socket = await sockets.open({
      address: listenAddress(config),
      port,
      broadcast: true,
      ...(dhcpInterface === undefined ? {} : { interfaceName: dhcpInterface }),
      onSendError: (error, to) => {
        metrics.sendFailed();
        logger.warn({ err: error, to }, 'a DHCP reply could not be sent');
      },
    });
    socket.onDatagram((bytes, from) => {
      this.#receive(bytes, { socket, arrival: this.#arrivalOf(from, service) });
    });
    this.#sockets = [...this.#sockets, socket];
  }

  #arrivalOf({ address, port }: Endpoint, service: 'dhcp' | 'boot-server'): Arrival {
    const addresses = this.#addresses;
    if (address === ANY_IPV4) return { addresses, sourcePort: port, service };
    return { addresses, sourcePort: port, sourceAddress: address, service };
  }

  #ownAddresses(): Arrival['addresses'] {
    const { config, addressesOf } = this.#parts;
    if (config.dhcpInterface === undefined) return [config.nextServer];
    const [first, ...others] = addressesOf(config.dhcpInterface);
    if (first !== undefined) return [first, ...others];
    throw new OperationalError(`the interface ${config.dhcpInterface} does not exist or has no IPv4 address`, {
      code: 'interface-unusable',
      retryable: false,
    });
  }

  #offerProbe(): OfferProbe | undefined {
    const { probe, config, clock, logger, metrics } = this.#parts;
    if (probe === undefined) return undefined;
    return new OfferProbe({
      probe,
      deadlineMs: config.probeMs,
      quarantineMs: config.declineMs,
      now: () => clock.now(),
      quarantine: (change) => {
        metrics.foundConflict();
        this.#keepQuietly(change);
      },
      logger,
    });
  }

  /** Nothing that arrives may end the process: what is not understood is counted. */
  #receive(bytes: Uint8Array, via: Pick<Incoming, 'socket' | 'arrival'>): void {
    const { metrics, logger, clock } = this.#parts;
    const receivedMs = clock.monotonicMs();
    const packet = decodeDhcp(bytes);
    const facts = packet.ok ? requestFactsOf(packet.value) : undefined;
    if (!packet.ok || facts?.ok !== true) {
      metrics.received('garbage');
      metrics.silent(packet.ok ? 'relay-option-malformed' : packet.fault.code);
      return;
    }
    metrics.received(facts.value.type);
    if (!this.#admits(facts.value)) return;
    this.#handle({ packet: packet.value, request: facts.value, receivedMs, ...via }).catch((error: unknown) => {
      logger.error({ err: error, mac: facts.value.mac }, 'a DHCP message could not be handled');
    });
  }

  #admits({ mac }: DhcpRequest): boolean {
    const { metrics, config } = this.#parts;
    if (this.#inFlight >= config.dhcpQueueLimit) metrics.dropped('overloaded');
    else if (mac !== undefined && !this.#limiter.admits(mac)) metrics.dropped('rate-limited');
    else return true;
    return false;
  }

  async #handle(incoming: Incoming): Promise<void> {
    const { metrics, config, notes } = this.#parts;
    if (config.dhcpDryRun) {
      this.#decide(incoming);
      metrics.silent('dry-run');
      return;
    }
    let { decision, durable } = this.#carryOut(incoming);
    if (this.#probe?.concerns(decision) === true) {
      ({ decision, durable } = await this.#inTurn(this.#probed(this.#probe, incoming, { decision, durable })));
    }
    if (durable !== undefined && !(await this.#inTurn(this.#isKept(durable)))) return;
    if (decision.kind === 'reply') {
      this.#send(incoming, decision);
      return;
    }
    metrics.silent(decision.reason);
    notes.noteSilence(incoming.request, decision);
  }

  /** Decides and changes the leases in memory at once, so that the next decision sees it. */
  #carryOut(incoming: Incoming): Outcome {
    const { keeper } = this.#parts;
    const decision = this.#decide(incoming);
    const writes = decision.change === undefined ? [] : keeper.apply(decision.change);
    return { decision, durable: writes.length === 0 ? undefined : keeper.commit(writes) };
  }

  #decide({ request, arrival }: Incoming): DhcpDecision {
    const { keeper, site, clock, log } = this.#parts;
    keeper.expire();
    const decision = decide(request, arrival, { view: site.current, now: clock.now() });
    log.note(request, decision);
    return decision;
  }

  async #probed(probe: OfferProbe, incoming: Incoming, first: Outcome): Promise<Outcome> {
    let { durable } = first;
    const decision = await probe.settle(first.decision, () => {
      const next = this.#carryOut(incoming);
      durable = next.durable;
      return next.decision;
    });
    return { decision, durable };
  }

  async #inTurn<T>(waiting: Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await waiting;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** `false`: the disk refused, so nobody may be told. */
  async #isKept(durable: Promise<void>): Promise<boolean> {
    try {
      await durable;
      return true;
    } catch (error) {
      this.#parts.metrics.dropped('disk-failed');
      this.#parts.logger.error({ err: error }, 'a lease could not be written to disk; the machine gets no answer');
      return false;
    }
  }

  /** For a change that nobody waits for. */
  #keepQuietly(change: LeaseChange): void {
    const { keeper } = this.#parts;
    void this.#isKept(keeper.commit(keeper.apply(change)));
  }

  #send({ packet, request, arrival, socket, receivedMs }: Incoming, reply: Reply): void {
    const { metrics, clock, notes } = this.#parts;
    this.#sender?.send(encodeReply(packet, reply), reply.to, { socket, own: arrival.addresses[0] });
    metrics.sent(reply.type, (clock.monotonicMs() - receivedMs) / 1_000);
    notes.note(request, reply);
  }
}
