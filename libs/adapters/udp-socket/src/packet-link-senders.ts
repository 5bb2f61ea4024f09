import { macToBytes, OperationalError } from '@rackwright/kernel';
import type { LinkDatagram, LinkSender, LinkSenders } from '@rackwright/contracts';
import { encodeIpv4Datagram, MAX_UDP_PAYLOAD_BYTES } from './ipv4-datagram.js';
import type { CallFailure } from './libc.js';
import { packetSockets } from './packet-socket.js';

/** Frames through `AF_PACKET` sockets, which need CAP_NET_RAW. */
export class PacketLinkSenders implements LinkSenders {
  open(interfaceName: string): LinkSender {
    const descriptor = packetSockets().open();
    if (typeof descriptor !== 'number') throw linkFailure(interfaceName, descriptor);
    try {
      return new PacketLinkSender(interfaceName, descriptor);
    } catch (error) {
      packetSockets().close(descriptor);
      throw error;
    }
  }
}

class PacketLinkSender implements LinkSender {
  readonly interfaceName: string;
  readonly #descriptor: number;
  #interfaceIndex: number;
  #isOpen = true;

  constructor(interfaceName: string, descriptor: number) {
    this.interfaceName = interfaceName;
    this.#descriptor = descriptor;
    this.#interfaceIndex = this.#findInterface();
  }

  send(datagram: LinkDatagram): void {
    if (!this.#isOpen) throw linkFailure(this.interfaceName, { call: 'sendto', code: 'EBADF' });
    if (datagram.bytes.length > MAX_UDP_PAYLOAD_BYTES) {
      throw linkFailure(this.interfaceName, { call: 'sendto', code: 'EMSGSIZE' });
    }
    const packet = encodeIpv4Datagram(datagram);
    const hardwareAddress = macToBytes(datagram.mac);
    let failed = this.#put(packet, hardwareAddress);
    // An interface that was taken down for good and made anew has another index.
    if (failed?.code === 'ENXIO' || failed?.code === 'ENODEV') {
      this.#interfaceIndex = this.#findInterface();
      failed = this.#put(packet, hardwareAddress);
    }
    if (failed !== undefined) throw linkFailure(this.interfaceName, failed);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    packetSockets().close(this.#descriptor);
  }

  #put(packet: Uint8Array, hardwareAddress: Uint8Array): CallFailure | undefined {
    return packetSockets().send(this.#descriptor, packet, { interfaceIndex: this.#interfaceIndex, hardwareAddress });
  }

  #findInterface(): number {
    const index = packetSockets().ethernetIndex(this.#descriptor, this.interfaceName);
    if (typeof index !== 'number') throw linkFailure(this.interfaceName, index);
    return index;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EBADF: 'the sender is closed',
  EMSGSIZE: 'the datagram is longer than its MTU',
  ENETDOWN: 'it is down',
  ENODEV: 'there is no such interface',
  ENXIO: 'there is no such interface',
  EPROTONOSUPPORT: 'it is not Ethernet',
};

function linkFailure(interfaceName: string, { call, code }: CallFailure): OperationalError {
  const cause = new Error(`${call}: ${code}`);
  if (code === 'EPERM' || code === 'EACCES') {
    const message = `no permission to send frames on ${interfaceName}: grant CAP_NET_RAW`;
    return new OperationalError(message, { code: 'permission-denied', retryable: false, cause });
  }
  const message = `cannot send a frame on ${interfaceName}: ${REASONS[code] ?? code}`;
  return new OperationalError(message, { code: 'interface-unusable', retryable: code !== 'EPROTONOSUPPORT', cause });
}
