import { ANY_IPV4, BROADCAST_IPV4, OperationalError, type Ipv4 } from '@rackwright/kernel';
import type {
  DatagramBinding,
  DatagramHandler,
  DatagramSocket,
  DatagramSockets,
  Endpoint,
} from '@rackwright/contracts';

/** One interface of a simulated host; hosts with an interface on the same segment hear each other's broadcasts. */
export interface MemoryInterface {
  readonly name: string;
  /** `0.0.0.0` for a client that has no address yet. */
  readonly address: Ipv4;
  readonly segment: string;
}

/** A datagram on its way. */
export interface DatagramInFlight {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

const FIRST_FREE_PORT = 32_768;

/**
 * UDP between simulated hosts in one process, in order and one microtask later. Every address reaches every other;
 * the limited broadcast stays on its segment.
 */
export class MemoryNetwork {
  readonly #hosts: MemoryHost[] = [];
  #isLost: (datagram: DatagramInFlight) => boolean = () => false;

  /** The sockets of a new host. */
  addHost(interfaces: readonly MemoryInterface[]): DatagramSockets {
    const host = new MemoryHost(this, interfaces);
    this.#hosts.push(host);
    return host;
  }

  /** Decides for every datagram from now on whether it gets lost. */
  loseIf(isLost: (datagram: DatagramInFlight) => boolean): void {
    this.#isLost = isLost;
  }

  /** Delivers a copy, because the sender may reuse its octets. */
  carry(datagram: DatagramInFlight, via: MemoryInterface): void {
    const copy = { ...datagram, bytes: Uint8Array.from(datagram.bytes) };
    if (this.#isLost(copy)) return;
    queueMicrotask(() => {
      for (const host of this.#hosts) host.deliver(copy, via);
    });
  }
}

class MemoryHost implements DatagramSockets {
  readonly #network: MemoryNetwork;
  readonly #interfaces: readonly MemoryInterface[];
  readonly #sockets = new Set<MemorySocket>();
  #nextFreePort = FIRST_FREE_PORT;

  constructor(network: MemoryNetwork, interfaces: readonly MemoryInterface[]) {
    this.#network = network;
    this.#interfaces = interfaces;
  }

  async open(binding: DatagramBinding): Promise<DatagramSocket> {
    await Promise.resolve();
    const { address, interfaceName } = binding;
    const where = `UDP ${address}:${binding.port}`;
    if (address !== ANY_IPV4 && !this.#interfaces.some((candidate) => candidate.address === address)) {
      throw failure('socket-failed', `cannot bind ${where}: no interface has the address ${address}`);
    }
    if (interfaceName !== undefined && !this.#interfaces.some(({ name }) => name === interfaceName)) {
      throw failure('socket-failed', `cannot bind ${where}: there is no interface ${interfaceName}`);
    }
    const bound = { ...binding, port: binding.port === 0 ? this.#freePort(binding) : binding.port };
    if (this.#isTaken(bound)) throw failure('address-in-use', `${where} is in use by another process`);
    const socket = new MemorySocket(bound, {
      transmit: (bytes, to) => {
        this.#transmit({ bytes, to }, socket);
      },
      close: () => this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
    return socket;
  }

  deliver(datagram: DatagramInFlight, via: MemoryInterface): void {
    const isBroadcast = datagram.to.address === BROADCAST_IPV4;
    for (const entry of this.#interfaces) {
      const isHere = isBroadcast ? entry.segment === via.segment : entry.address === datagram.to.address;
      // A broadcast does not come back to the interface that sent it.
      if (!isHere || (isBroadcast && entry === via)) continue;
      for (const socket of this.#sockets) if (socket.accepts(datagram.to, entry)) socket.receive(datagram);
      if (!isBroadcast) return;
    }
  }

  #transmit({ bytes, to }: { bytes: Uint8Array; to: Endpoint }, socket: MemorySocket): void {
    const via = this.#outgoing(socket.binding);
    if (via === undefined) return;
    const address = socket.local.address === ANY_IPV4 ? via.address : socket.local.address;
    this.#network.carry({ bytes, from: { address, port: socket.local.port }, to }, via);
  }

  #outgoing(binding: DatagramBinding): MemoryInterface | undefined {
    return (
      this.#interfaces.find(({ name, address }) =>
        binding.interfaceName === undefined ? address === binding.address : name === binding.interfaceName,
      ) ?? this.#interfaces[0]
    );
  }

  #isTaken(binding: DatagramBinding): boolean {
    return [...this.#sockets].some((socket) => socket.conflictsWith(binding));
  }

  #freePort(binding: DatagramBinding): number {
    while (this.#isTaken({ ...binding, port: this.#nextFreePort })) this.#nextFreePort += 1;
    this.#nextFreePort += 1;
    return this.#nextFreePort - 1;
  }
}

interface Wire {
  transmit(bytes: Uint8Array, to: Endpoint): void;
  close(): void;
}

class MemorySocket implements DatagramSocket {
  readonly binding: DatagramBinding;
  readonly local: Endpoint;
  readonly #wire: Wire;
  #handler: DatagramHandler | undefined;
  #isOpen = true;

  constructor(binding: DatagramBinding, wire: Wire) {
    this.binding = binding;
    this.local = { address: binding.address, port: binding.port };
    this.#wire = wire;
  }

  onDatagram(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    const error = this.#refusal(to);
    if (error === undefined) this.#wire.transmit(bytes, to);
    else queueMicrotask(() => this.binding.onSendError?.(error, to));
  }

  receive({ bytes, from }: DatagramInFlight): void {
    this.#handler?.(bytes, from);
  }

  /** As on Linux: an interface-bound socket hears only its interface, a specific address only its own datagrams. */
  accepts(to: Endpoint, via: MemoryInterface): boolean {
    const { address, port, interfaceName } = this.binding;
    if (port !== to.port || (interfaceName !== undefined && interfaceName !== via.name)) return false;
    return address === ANY_IPV4 || address === to.address;
  }

  conflictsWith(other: DatagramBinding): boolean {
    const { address, port, interfaceName } = this.binding;
    if (port !== other.port) return false;
    const isOnOtherInterface =
      interfaceName !== undefined && other.interfaceName !== undefined && interfaceName !== other.interfaceName;
    if (isOnOtherInterface) return false;
    return address === other.address || address === ANY_IPV4 || other.address === ANY_IPV4;
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) this.#wire.close();
    this.#isOpen = false;
    this.#handler = undefined;
    return Promise.resolve();
  }

  #refusal(to: Endpoint): Error | undefined {
    if (!this.#isOpen) return new Error('the socket is closed');
    if (to.port < 1 || to.port > 65_535) return new Error(`no such port ${to.port}`);
    const needsPermission = to.address === BROADCAST_IPV4 && this.binding.broadcast !== true;
    return needsPermission ? new Error('broadcast is not allowed on this socket') : undefined;
  }
}

function failure(code: string, message: string): OperationalError {
  return new OperationalError(message, { code, retryable: true });
}
