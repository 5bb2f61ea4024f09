import type { DatagramSocket, LinkSender, LinkSenders } from '@rackwright/contracts';
import type { Destination } from '@rackwright/domain-netboot';
import { BROADCAST_IPV4, type Ipv4, type Logger } from '@rackwright/kernel';
import type { DhcpMetrics } from './dhcp-metrics.js';
import type { DhcpConfig } from './dhcp-settings.js';

export interface ReplySenderParts {
  readonly config: DhcpConfig;
  readonly links?: LinkSenders;
  readonly metrics: DhcpMetrics;
  readonly logger: Logger;
}

/**
 * Brings replies to where the decision says. A client that takes unicast before it has an address gets a frame of its
 * own; where that is not possible the reply is broadcast, which reaches it as well.
 */
export class ReplySender implements Disposable {
  readonly #parts: ReplySenderParts;
  readonly #link: LinkSender | undefined;

  constructor(parts: ReplySenderParts) {
    this.#parts = parts;
    this.#link = this.#openLink();
  }

  /** `via` is the socket the request came in on, `own` our address there. */
  send(bytes: Uint8Array, to: Destination, via: { readonly socket: DatagramSocket; readonly own: Ipv4 }): void {
    if (to.kind === 'link' && this.#sendFrame(bytes, to, { address: via.own, port: via.socket.local.port })) return;
    const isBroadcast = to.kind === 'broadcast' || to.kind === 'link';
    via.socket.send(bytes, { address: isBroadcast ? BROADCAST_IPV4 : to.address, port: to.port });
  }

  [Symbol.dispose](): void {
    this.#link?.[Symbol.dispose]();
  }

  #openLink(): LinkSender | undefined {
    const { config, links, logger } = this.#parts;
    const { dhcpInterface, dhcpUnicast } = config;
    if (dhcpInterface === undefined || dhcpUnicast === 'off' || links === undefined) return undefined;
    try {
      return links.open(dhcpInterface);
    } catch (error) {
      logger.warn(
        { err: error, interface: dhcpInterface },
        'no frames can be sent: DHCP replies are broadcast instead',
      );
      return undefined;
    }
  }

  #sendFrame(
    bytes: Uint8Array,
    to: Destination & { readonly kind: 'link' },
    from: { readonly address: Ipv4; readonly port: number },
  ): boolean {
    const { config, metrics, logger } = this.#parts;
    if (config.dhcpUnicast === 'off') return false;
    try {
      this.#link?.send({ bytes, from, to: { address: to.address, port: to.port }, mac: to.mac });
      if (this.#link !== undefined) return true;
    } catch (error) {
      logger.debug({ err: error, to }, 'a frame could not be sent: the DHCP reply is broadcast instead');
    }
    metrics.fellBackToBroadcast();
    return false;
  }
}
