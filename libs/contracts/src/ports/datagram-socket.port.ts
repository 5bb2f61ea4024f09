import type { Ipv4 } from '@rackwright/kernel';

/** A UDP endpoint. */
export interface Endpoint {
  readonly address: Ipv4;
  readonly port: number;
}

/** Handles one datagram; `bytes` is valid only during the call unless copied. */
export type DatagramHandler = (bytes: Uint8Array, from: Endpoint) => void;

/** A bound UDP socket. */
export interface DatagramSocket extends AsyncDisposable {
  readonly local: Endpoint;
  onDatagram(handler: DatagramHandler): void;
  /** Queues one datagram for sending; failures are counted by the adapter and given to `onSendError`. */
  send(bytes: Uint8Array, to: Endpoint): void;
}

export interface DatagramBinding {
  readonly address: Ipv4;
  /** 0 picks a free port. */
  readonly port: number;
  /** Receive and send only through this interface (`SO_BINDTODEVICE`). */
  readonly interfaceName?: string;
  /** Allow sending to a broadcast address. */
  readonly broadcast?: boolean;
  readonly onSendError?: (error: Error, to: Endpoint) => void;
}

/** Opens UDP sockets. Rejects with `OperationalError` `address-in-use`, `permission-denied` or `socket-failed`. */
export interface DatagramSockets {
  open(binding: DatagramBinding): Promise<DatagramSocket>;
}
