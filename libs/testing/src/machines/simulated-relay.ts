import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  clientMac,
  decodeDhcp,
  encodeDhcp,
  OptionCode,
  RelaySubOption,
  relayAgentOption,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';
import { ipv4ToBytes, type Ipv4, type Mac } from '@rackwright/kernel';

/** Where a relay takes its packets. */
export interface RelayUplink {
  readonly serverPort: number;
  readonly serverAddress?: Ipv4;
  /** An address of the subnet the machines are in: link selection (RFC 3527). */
  readonly linkAddress: Ipv4;
}

type ReplyHandler = (packet: DhcpPacket) => void;

const LOOPBACK = '127.0.0.1' as Ipv4;
/** Replies to hundreds of machines may arrive at once. */
const RECEIVE_BUFFER_BYTES = 4_194_304;

/**
 * The wire that simulated machines are plugged into: a DHCP relay agent on loopback with a real UDP socket. It asks the
 * server to answer on the port it sends from (RFC 8357), so nothing needs a port below 1024 or root.
 */
export class SimulatedRelay implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #uplink: RelayUplink;
  readonly #machines = new Map<Mac, ReplyHandler>();
  #undecodable = 0;

  private constructor(socket: Socket, uplink: RelayUplink) {
    this.#socket = socket;
    this.#uplink = uplink;
    socket.on('message', (bytes) => {
      this.#deliver(bytes);
    });
  }

  static async open(uplink: RelayUplink): Promise<SimulatedRelay> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    socket.bind(0, LOOPBACK);
    await once(socket, 'listening');
    return new SimulatedRelay(socket, uplink);
  }

  /** Replies that were not DHCP; a server that sends any is broken. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Delivers replies for `mac` until the returned function is called. */
  plugIn(mac: Mac, onReply: ReplyHandler): () => void {
    this.#machines.set(mac, onReply);
    return () => {
      if (this.#machines.get(mac) === onReply) this.#machines.delete(mac);
    };
  }

  /** Relays a client's message: RFC 3046 section 2.1, RFC 2131 section 4.1.1. */
  send(packet: DhcpPacket): void {
    const subOptions = new Map([
      [RelaySubOption.CircuitId, Buffer.from('simulated')],
      [RelaySubOption.LinkSelection, ipv4ToBytes(this.#uplink.linkAddress)],
      [RelaySubOption.RelaySourcePort, new Uint8Array(0)],
    ]);
    const information = relayAgentOption.encode({ usesSourcePort: true, subOptions });
    const options = new Map([...packet.options, [OptionCode.RelayAgentInformation, information] as const]);
    this.sendRaw(encodeDhcp({ ...packet, hops: packet.hops + 1, giaddr: LOOPBACK, options }));
  }

  /** Sends bytes as they are, for garbage. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#uplink.serverPort, this.#uplink.serverAddress ?? LOOPBACK);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#machines.clear();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #deliver(bytes: Uint8Array): void {
    const decoded = decodeDhcp(bytes);
    const mac = decoded.ok ? clientMac(decoded.value) : undefined;
    if (!decoded.ok || mac === undefined) {
      this.#undecodable += 1;
      return;
    }
    this.#machines.get(mac)?.(decoded.value);
  }
}
