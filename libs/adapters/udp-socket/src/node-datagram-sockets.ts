import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { ANY_IPV4, silentLogger, type Logger } from '@rackwright/kernel';
import type { DatagramBinding, DatagramSocket, DatagramSockets, Endpoint } from '@rackwright/contracts';
import { linuxSockets } from './linux-socket.js';
import { messageBatches, type MessageBatches } from './message-batch.js';
import { NodeDatagramSocket, type BatchedAccess } from './node-datagram-socket.js';
import { openFailure } from './socket-failure.js';

export interface NodeDatagramSocketsOptions {
  readonly logger?: Logger;
  /** Kernel receive buffer per socket; without CAP_NET_ADMIN the kernel caps it at `net.core.rmem_max`. */
  readonly receiveBufferBytes?: number;
  /** `false`: one datagram per system call, through `node:dgram` alone. Default: batches where the platform has them. */
  readonly areBatched?: boolean;
  /** Bound sockets passed in by the supervisor; a binding that one of them satisfies takes it over. */
  readonly inherited?: readonly number[];
}

/** Holds a burst of some thousand requests while the event loop is busy. */
const DEFAULT_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * UDP through `node:dgram`. Sockets of one interface, and those that move batches, are made with system calls first and
 * then handed to it.
 */
export class NodeDatagramSockets implements DatagramSockets {
  readonly #logger: Logger;
  readonly #receiveBufferBytes: number;
  readonly #inherited: Set<number>;
  readonly #areBatched: boolean;
  #sendErrors = 0;

  constructor(options: NodeDatagramSocketsOptions = {}) {
    this.#logger = options.logger ?? silentLogger;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES;
    this.#inherited = new Set(options.inherited);
    this.#areBatched = options.areBatched ?? true;
  }

  /** Datagrams that could not be sent, over all sockets. */
  get sendErrors(): number {
    return this.#sendErrors;
  }

  async open(binding: DatagramBinding): Promise<DatagramSocket> {
    const messages = this.#areBatched ? messageBatches() : undefined;
    const needsOwn = binding.interfaceName !== undefined || messages !== undefined;
    const descriptor = this.#takeInherited(binding) ?? (needsOwn ? descriptorFor(binding) : undefined);
    const socket = createSocket({ type: 'udp4', lookup: literalAddress, recvBufferSize: this.#receiveBufferBytes });
    try {
      await bound(socket, descriptor === undefined ? plainBinding(binding) : { fd: descriptor });
    } catch (error) {
      socket.close();
      if (descriptor !== undefined) linuxSockets().close(descriptor);
      throw openFailure(binding, codeOf(error), error);
    }
    if (descriptor !== undefined) linuxSockets().enlargeReceiveBuffer(descriptor, this.#receiveBufferBytes);
    if (binding.broadcast === true) socket.setBroadcast(true);
    const onSendError = (error: Error, to: Endpoint): void => {
      this.#sendErrors += 1;
      binding.onSendError?.(error, to);
    };
    const opened = new NodeDatagramSocket(socket, onSendError, accessTo(descriptor, messages));
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

function accessTo(descriptor: number | undefined, messages: MessageBatches | undefined): BatchedAccess | undefined {
  return descriptor === undefined || messages === undefined ? undefined : { descriptor, messages };
}

function descriptorFor(binding: DatagramBinding): number {
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
