import type { Mac } from '@rackwright/kernel';
import type { Endpoint } from './datagram-socket.port.js';

/** A UDP datagram for a machine that does not answer ARP for its address yet. */
export interface LinkDatagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The network card that gets the frame, whatever `to` says. */
  readonly mac: Mac;
}

/** Puts frames on the wire of one interface. */
export interface LinkSender extends Disposable {
  readonly interfaceName: string;
  /**
   * Sends one datagram, whole or not at all, without asking who has its address: RFC 2131 section 4.1, a client with a
   * clear broadcast bit. Throws `OperationalError` `interface-unusable` when the frame cannot leave (interface down or
   * gone, datagram longer than its MTU); the caller then broadcasts.
   */
  send(datagram: LinkDatagram): void;
}

/**
 * Opens senders of frames. Throws `OperationalError` `permission-denied` when the process may not, `interface-unusable`
 * when the interface is missing or not Ethernet; the caller then broadcasts.
 */
export interface LinkSenders {
  open(interfaceName: string): LinkSender;
}
