import type { Endpoint } from './datagram-socket.port.js';

/** Takes what one connection sends. */
export interface StreamReceiver {
  /** `bytes` are valid only during the call unless copied. Nothing more is read until a returned promise settles. */
  receive(bytes: Uint8Array): Promise<void> | undefined;
  /** The connection is over, for whatever reason; called once. */
  end(): void;
}

/** A TCP listener that only reads. */
export interface StreamListener extends AsyncDisposable {
  readonly local: Endpoint;
  /** Connections that are open now. */
  readonly connections: number;
}

export interface StreamBinding {
  readonly address: Endpoint['address'];
  /** 0 picks a free port. */
  readonly port: number;
  /** Further connections are closed at once. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** A connection that sends nothing for so long is closed. */
  readonly idleMs: number;
  /** Told of a connection that was closed at once. */
  readonly onRefused?: (from: Endpoint) => void;
  /** Told of a connection that could not be taken, e.g. for want of file descriptors; listening goes on. */
  readonly onAcceptError?: (error: Error) => void;
}

/** Opens TCP listeners. Rejects with `OperationalError` `address-in-use`, `permission-denied` or `socket-failed`. */
export interface StreamListeners {
  /** Disposing the listener closes its connections. */
  listen(binding: StreamBinding, accept: (from: Endpoint) => StreamReceiver): Promise<StreamListener>;
}
