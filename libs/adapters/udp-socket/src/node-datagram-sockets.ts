import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { ANY_IPV4, silentLogger, type Logger } from '@rackwright/kernel';
import type { DatagramBinding, DatagramSocket, DatagramSockets } from '@rackwright/contracts';
import { linuxSockets } from './linux-socket.js';
import { NodeDatagramSocket } from './node-datagram-socket.js';
import { openFailure } from './socket-failure.js';

export interface NodeDatagramSocketsOptions {
  readonly logger?: Logger;
  /** Kernel receive buffer per socket; the kernel caps it at `net.core.rmem_max`. */
  readonly receiveBufferBytes?: number;
  /** Bound sockets passed in by the supervisor; a binding that one of them satisfies takes it over. */
  readonly inherited?: readonly number[];
}

/** Holds a burst of some thousand requests while the event loop is busy. */
const DEFAULT_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** UDP through `node:dgram`; sockets of one interface are made with `SO_BINDTODEVICE` first and then handed to it. */
export class NodeDatagramSockets implements DatagramSockets {
  readonly #logger: Logger;
  readonly #receiveBufferBytes: number;
  readonly #inherited: Set<number>;
  #sendErrors = 0;

  constructor(options: NodeDatagramSocketsOptions = {}) {
    this.#logger = options.logger ?? silentLogger;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES;
    this.#inherited = new Set(options.inherited);
  }

  /** Datagrams that could not be sent, over all sockets. */
  get sendErrors(): number {
    return this.#sendErrors;
  }

  async open(binding: DatagramBinding): Promise<DatagramSocket> {
    const descriptor = this.#takeInherited(binding) ?? descriptorFor(binding);
    const socket = createSocket({ type: 'udp4', lookup: literalAddress, recvBufferSize: this.#receiveBufferBytes });
    try {
      await bound(socket, descriptor === undefined ? plainBinding(binding) : { fd: descriptor });
    } catch (error) {
      socket.close();
      if (descriptor !== undefined) linuxSockets().close(descriptor);
      throw openFailure(binding, codeOf(error), error);
    }
    if (binding.broadcast === true) socket.setBroadcast(true);
    const opened = new NodeDatagramSocket(socket, (error, to) => {
      this.#sendErrors += 1;
      binding.onSendError?.(error, to);
    });
    socket.on('error', (error) => {
      this.#logger.error({ err: error, local: opened.local }, 'UDP socket failed');
    });
    return opened;
  }

  /** The descriptor of a passed-in socket bound just as asked, which is then no longer available. */
  #takeInherited(binding: DatagramBinding): number | undefined {
    for (const descriptor of this.#inherited) {
      const found = linuxSockets().describe(descriptor);
      if ('call' in found) continue;
      const isSame =
        found.local.port === binding.port &&
        found.local.address === binding.address &&
        found.interfaceName === (binding.interfaceName ?? '');
      if (!isSame) continue;
      this.#inherited.delete(descriptor);
      return descriptor;
    }
    return undefined;
  }
}

function descriptorFor(binding: DatagramBinding): number | undefined {
  if (binding.interfaceName === undefined) return undefined;
  const opened = linuxSockets().openBound(binding, binding.interfaceName);
  if (typeof opened === 'number') return opened;
  throw openFailure(binding, opened.code, new Error(`${opened.call}: ${opened.code}`));
}

function plainBinding(binding: DatagramBinding): { readonly address: string; readonly port: number } {
  return { address: binding.address, port: binding.port };
}

function bound(socket: Socket, to: { readonly fd: number } | { readonly address: string; readonly port: number }) {
  return new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ ...to, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** Addresses are literal, so the resolver's detour through a later tick, paid per datagram, is left out. */
const literalAddress: NonNullable<SocketOptions['lookup']> = (address, _options, callback) => {
  callback(null, address === '' ? ANY_IPV4 : address, 4);
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
}
