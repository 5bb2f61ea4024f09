import type { AddressProbe, DatagramSocket, DatagramSockets, DurableLog, LinkSenders } from '@rackwright/contracts';
import { ANY_IPV4, BROADCAST_IPV4, macToBytes, parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import {
  BootpOp,
  chaddrOf,
  decodeDhcp,
  encodeDhcp,
  ipv4Option,
  MessageType,
  OptionCode,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import {
  address,
  runBootPlane,
  type PlaneAdapters,
  type PlaneOptions,
  type RunningPlane,
} from './boot-plane-fixture.js';

export const SERVER = address('10.77.0.2');

export function macNumber(number: number): Mac {
  const mac = parseMac(`02${number.toString(16).padStart(10, '0')}`);
  if (mac === undefined) throw new Error('no MAC');
  return mac;
}

type Options = readonly (readonly [number, Uint8Array])[];

export function message(mac: Mac, type: MessageType, more: Options = []): DhcpPacket {
  return {
    op: BootpOp.BOOTREQUEST,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x1234_5678,
    secs: 4,
    flags: 0x8000,
    ...{ ciaddr: ANY_IPV4, yiaddr: ANY_IPV4, siaddr: ANY_IPV4, giaddr: ANY_IPV4 },
    chaddr: chaddrOf(macToBytes(mac)),
    ...{ sname: '', file: '' },
    options: new Map([[OptionCode.DhcpMessageType, Uint8Array.of(type)], ...more]),
  };
}

export const discover = (mac: Mac, more: Options = []): DhcpPacket => message(mac, MessageType.DHCPDISCOVER, more);
export const pxeOptions: Options = [
  [OptionCode.VendorClassIdentifier, Buffer.from('PXEClient:Arch:00007:UNDI:003016', 'latin1')],
  [OptionCode.ClientSystemArchitecture, Uint8Array.of(0, 7)],
];

/** The REQUEST that takes an offer. */
export function take(offer: DhcpPacket, mac: Mac): DhcpPacket {
  return message(mac, MessageType.DHCPREQUEST, [
    [OptionCode.RequestedIpAddress, ipv4Option.encode(offer.yiaddr)],
    [OptionCode.ServerIdentifier, ipv4Option.encode(SERVER)],
  ]);
}

/** A reply as a client gets it. */
interface HeardReply {
  readonly packet: DhcpPacket;
  readonly from: { readonly address: Ipv4; readonly port: number };
}

/** A machine on a segment; it hears what is sent to its port. */
class SegmentClient {
  readonly heard: HeardReply[] = [];
  readonly #socket: DatagramSocket;
  #onReply: (packet: DhcpPacket) => void = () => undefined;

  constructor(socket: DatagramSocket) {
    this.#socket = socket;
    socket.onDatagram((bytes, from) => {
      const packet = decodeDhcp(bytes);
      if (!packet.ok) throw new Error(packet.fault.code);
      this.heard.push({ packet: packet.value, from });
      this.#onReply(packet.value);
    });
  }

  send(packet: DhcpPacket, to: { readonly address?: Ipv4; readonly port?: number } = {}): void {
    this.#socket.send(encodeDhcp(packet), { address: to.address ?? BROADCAST_IPV4, port: to.port ?? 67 });
  }

  /** Sends and gives the next reply. */
  ask(packet: DhcpPacket, to: { readonly address?: Ipv4; readonly port?: number } = {}): Promise<DhcpPacket> {
    const { promise, resolve } = Promise.withResolvers<DhcpPacket>();
    this.#onReply = resolve;
    this.send(packet, to);
    return promise;
  }
}

/** The wire: hosts hear each other's broadcasts on one segment. */
export interface SegmentNetwork {
  addHost(
    interfaces: readonly { readonly name: string; readonly address: Ipv4; readonly segment: string }[],
  ): DatagramSockets;
}

/** A region on the interface `eth0` of a host that has another one, `eth1`. */
export interface Segment extends RunningPlane {
  /** A machine on the segment of `eth0` or `eth1`. */
  client(at: { readonly segment?: 'a' | 'b'; readonly address?: Ipv4; readonly port?: number }): Promise<SegmentClient>;
  /** The value of a series; 0 when there is none. */
  metric(series: string): Promise<number>;
}

export interface SegmentOptions extends PlaneOptions {
  readonly links?: LinkSenders;
  readonly probe?: AddressProbe;
  readonly openLog?: (directory: string) => Promise<DurableLog>;
}

/** Starts a region that serves the segment of one of its two interfaces. */
export async function startSegment(
  { network, ...adapters }: Omit<PlaneAdapters, 'sockets'> & { readonly network: SegmentNetwork },
  { links, probe, openLog, ...options }: SegmentOptions = {},
): Promise<Segment> {
  const sockets = network.addHost([
    { name: 'eth0', address: SERVER, segment: 'a' },
    { name: 'eth1', address: address('10.78.0.2'), segment: 'b' },
  ]);
  const env = {
    RW_DHCP_INTERFACE: 'eth0',
    RW_DHCP_PORT: '67',
    RW_DHCP_PXE_PORT: '4011',
    RW_DHCP_RELAYS: '',
    RW_NEXT_SERVER: SERVER,
    RW_TFTP_ENABLED: 'false',
    ...options.env,
  };
  const running = await runBootPlane(
    {
      ...adapters,
      sockets,
      addressesOf: (name) => (name === 'eth0' ? [SERVER] : []),
      ...(links === undefined ? {} : { links }),
      ...(probe === undefined ? {} : { probe }),
      ...(openLog === undefined ? {} : { openLog }),
    },
    { ...options, env },
  );
  return {
    ...running,
    client: async ({ segment = 'a', address: own = ANY_IPV4, port = 68 }) => {
      const host = network.addHost([{ name: 'eth0', address: own, segment }]);
      return new SegmentClient(await host.open({ address: own, port, interfaceName: 'eth0', broadcast: true }));
    },
    metric: async (series) => {
      const lines = (await running.metrics.render()).split('\n');
      return Number(lines.find((line) => line.startsWith(`${series} `))?.split(' ')[1] ?? 0);
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
