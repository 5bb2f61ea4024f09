import type { DatagramSocket, DatagramSockets, Endpoint } from '@rackwright/contracts';
import { decide, type Arrival, type DhcpDecision, type DhcpRequest, type Reply } from '@rackwright/domain-netboot';
import {
  BROADCAST_IPV4,
  formatMac,
  OperationalError,
  type Clock,
  type Idc,
  type Ipv4,
  type Logger,
  type Mac,
} from '@rackwright/kernel';
import { decodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import type { LeaseKeeper } from '../leases/lease-keeper.js';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { EventSink } from '../reports/report-sink.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { bootEvent, type BootStarts } from './boot-starts.js';
import { DhcpMetrics } from './dhcp-metrics.js';
import { listenAddress, type DhcpConfig } from './dhcp-settings.js';
import { RateLimiter } from './rate-limiter.js';
import { encodeReply } from './reply-packet.js';
import { requestFactsOf } from './request-facts.js';
import type { SiteView } from './site-view.js';

export interface DhcpServerParts {
  readonly idc: Idc;
  readonly config: DhcpConfig;
  readonly sockets: DatagramSockets;
  readonly keeper: LeaseKeeper;
  readonly site: SiteView;
  readonly nodes: NodeSightings;
  readonly events: EventSink;
  readonly boots: BootStarts;
  readonly traces: BootTraces;
  readonly metrics: DhcpMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** IPv4 addresses of an interface of this machine. */
  readonly addressesOf: (interfaceName: string) => readonly Ipv4[];
}

/** Messages whose lease is on its way to disk; what comes on top is dropped, and clients ask again. */
const MAX_IN_FLIGHT = 4_096;

/** The DHCP socket: receives, lets `decide` decide, makes leases durable, sends. */
export class DhcpServer implements AsyncDisposable {
  readonly #parts: DhcpServerParts;
  readonly #limiter: RateLimiter;
  #socket: DatagramSocket | undefined;
  #addresses: Arrival['addresses'];
  #inFlight = 0;

  constructor(parts: DhcpServerParts) {
    this.#parts = parts;
    this.#limiter = new RateLimiter(parts.clock);
    this.#addresses = [parts.config.nextServer];
  }

  /** Where it listens, once started. */
  get local(): Endpoint | undefined {
    return this.#socket?.local;
  }

  /** Addresses of the interface it serves; the first is its server identifier there. */
  get addresses(): Arrival['addresses'] {
    return this.#addresses;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Opens the socket, unless the mode is off. */
  async start(): Promise<void> {
    const { config, sockets, logger, metrics } = this.#parts;
    if (config.dhcpMode === 'off') return;
    const { dhcpInterface } = config;
    this.#addresses = this.#ownAddresses();
    this.#socket = await sockets.open({
      address: listenAddress(config),
      port: config.dhcpPort,
      broadcast: true,
      ...(dhcpInterface === undefined ? {} : { interfaceName: dhcpInterface }),
      onSendError: (error, to) => {
        metrics.sendFailed();
        logger.warn({ err: error, to }, 'a DHCP reply could not be sent');
      },
    });
    this.#socket.onDatagram((bytes, from) => {
      this.#receive(bytes, from);
    });
    const { local } = this.#socket;
    logger.info(
      { mode: config.dhcpMode, local, interface: dhcpInterface, dry_run: config.dhcpDryRun },
      'DHCP is served',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket?.[Symbol.asyncDispose]();
    this.#socket = undefined;
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

  /** Nothing that arrives may end the process: what is not understood is counted. */
  #receive(bytes: Uint8Array, from: Endpoint): void {
    const { metrics, logger } = this.#parts;
    const packet = decodeDhcp(bytes);
    if (!packet.ok) {
      metrics.received('garbage');
      metrics.silent(packet.fault.code);
      return;
    }
    const facts = requestFactsOf(packet.value);
    if (!facts.ok) {
      metrics.received('garbage');
      metrics.silent(facts.fault);
      return;
    }
    metrics.received(facts.value.type);
    if (!this.#admits(facts.value)) return;
    this.#handle(packet.value, facts.value, from).catch((error: unknown) => {
      logger.error({ err: error, mac: facts.value.mac }, 'a DHCP message could not be handled');
    });
  }

  #admits({ mac }: DhcpRequest): boolean {
    const { metrics } = this.#parts;
    if (this.#inFlight >= MAX_IN_FLIGHT) metrics.dropped('overloaded');
    else if (mac !== undefined && !this.#limiter.admits(mac)) metrics.dropped('rate-limited');
    else return true;
    return false;
  }

  async #handle(packet: DhcpPacket, request: DhcpRequest, from: Endpoint): Promise<void> {
    const { keeper, site, clock, metrics } = this.#parts;
    keeper.expire();
    const arrival: Arrival = { addresses: this.#addresses, sourcePort: from.port };
    const decision = decide(request, arrival, { view: site.current, now: clock.now() });
    this.#log(request, decision);
    if (this.#parts.config.dhcpDryRun) return;
    const isDurable = await this.#makeDurable(decision);
    if (decision.kind === 'silence') {
      metrics.silent(decision.reason);
      return;
    }
    if (!isDurable) return;
    this.#send(packet, decision);
    this.#note(request, decision);
  }

  /** Applied at once, so that the next decision sees it; `false`: the disk refused, so nobody may be told. */
  async #makeDurable({ change }: DhcpDecision): Promise<boolean> {
    const { keeper, metrics, logger } = this.#parts;
    const writes = change === undefined ? [] : keeper.apply(change);
    if (writes.length === 0) return true;
    this.#inFlight += 1;
    try {
      await keeper.commit(writes);
      return true;
    } catch (error) {
      metrics.dropped('disk-failed');
      logger.error({ err: error }, 'a lease could not be written to disk; the machine gets no answer');
      return false;
    } finally {
      this.#inFlight -= 1;
    }
  }

  #send(packet: DhcpPacket, reply: Reply): void {
    const { to } = reply;
    const address = to.kind === 'broadcast' ? BROADCAST_IPV4 : to.address;
    this.#socket?.send(encodeReply(packet, reply), { address, port: to.port });
    this.#parts.metrics.sent(reply.type);
  }

  /** Tells the rest of the region about a boot client that was answered. */
  #note(request: DhcpRequest, reply: Reply): void {
    const { mac, client } = request;
    if (mac === undefined || client.kind === 'none') return;
    if (reply.type === 'ack') this.#noteSighting(mac, request, reply);
    if (reply.type === 'offer') void this.#noteStart(mac, request, reply);
  }

  #noteSighting(mac: Mac, { client }: DhcpRequest, { fields }: Reply): void {
    const [arch] = client.architectures;
    const gateway = fields.routers?.value[0];
    void this.#parts.nodes.noteBootClient({
      mac,
      ...(fields.yiaddr === undefined ? {} : { ip: fields.yiaddr.value }),
      ...(fields.subnetMask === undefined ? {} : { netmask: fields.subnetMask.value }),
      ...(gateway === undefined ? {} : { gateway }),
      ...(fields.dns === undefined ? {} : { dns: fields.dns.value }),
      ...(arch === undefined ? {} : { arch: String(arch) }),
    });
  }

  async #noteStart(mac: Mac, request: DhcpRequest, reply: Reply): Promise<void> {
    const { boots, events, idc, clock, logger } = this.#parts;
    const traceparent = await boots.note(mac, request);
    if (traceparent === undefined) return;
    const { bootRefusal, fields } = reply;
    const type = bootRefusal === undefined ? 'boot.requested' : 'boot.refused';
    const data = {
      client: request.client.kind,
      architectures: request.client.architectures,
      ...(bootRefusal === undefined ? { boot_file: fields.bootFile?.value } : { reason: bootRefusal }),
    };
    try {
      await events.record(bootEvent(type, { idc, mac, traceparent, clock }, data));
    } catch (error) {
      logger.warn({ err: error, mac, type }, 'an event of the boot path could not be kept');
    }
  }

  #log({ type, mac, giaddr, client }: DhcpRequest, decision: DhcpDecision): void {
    const { logger, config, traces } = this.#parts;
    const fields = {
      type,
      mac: mac === undefined ? undefined : formatMac(mac),
      giaddr,
      client: client.kind,
      trace: mac === undefined ? undefined : traces.of(mac),
      reason: decision.reason,
    };
    if (decision.kind === 'silence') {
      logger.debug(fields, 'DHCP message not answered');
      return;
    }
    const { fields: values, to, bootRefusal } = decision;
    const answer = {
      answer: decision.type,
      ip: values.yiaddr?.value,
      boot_file: values.bootFile?.value,
      bootRefusal,
      to,
    };
    if (config.dhcpDryRun) logger.info({ ...fields, ...answer, values }, 'dry run: this DHCP reply was not sent');
    else logger.info({ ...fields, ...answer }, 'DHCP reply');
  }
}
