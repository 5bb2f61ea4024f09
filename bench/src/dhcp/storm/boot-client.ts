import type { Ipv4, Mac } from '@rackwright/kernel';
import { macToBytes } from '@rackwright/kernel';
import {
  BootpOp,
  BROADCAST_FLAG,
  chaddrOf,
  ClientArchitecture,
  codeListOption,
  encodeDhcp,
  HTYPE_ETHERNET,
  ipv4Option,
  MessageType,
  OptionCode,
  textOption,
  u16ListOption,
  u8Option,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';

/** What the firmware of a machine, and then iPXE, do about a missing answer: wait longer each time, then give up. */
const RETRANSMIT_SECONDS = [4, 8, 16, 32] as const;
/** Each wait varies by up to this much either way: RFC 2131 section 4.1. */
const JITTER_SECONDS = 1;
const STAGES = ['firmware', 'ipxe'] as const;
const WANTED = [OptionCode.SubnetMask, OptionCode.Router, OptionCode.DomainNameServer, OptionCode.BootfileName];

/** What a machine does with the world. */
export interface BootWorld {
  readonly relay: Ipv4;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly later: (delayMs: number, task: () => void) => () => void;
  readonly send: (bytes: Uint8Array) => void;
  /** From the transmission that was answered to its answer. */
  readonly onReply: (latencyMs: number) => void;
  readonly onRetransmit: () => void;
  readonly onEnd: (isBooted: boolean) => void;
}

/** One machine at the level of its messages: two exchanges of four, one by its firmware and one by iPXE. */
export class BootClient {
  readonly #world: BootWorld;
  readonly #mac: Mac;
  #stage = 0;
  #xid = 0;
  #offered: { readonly ip: Ipv4; readonly server: Ipv4 } | undefined;
  #attempt = 0;
  #sentMs = 0;
  #cancel: () => void = () => undefined;

  constructor(mac: Mac, world: BootWorld) {
    this.#mac = mac;
    this.#world = world;
  }

  /** The transaction it waits in. */
  get xid(): number {
    return this.#xid;
  }

  powerOn(xid: number): void {
    this.#xid = xid;
    this.#begin();
  }

  /** Takes a reply of its transaction. */
  receive(type: MessageType | undefined, packet: DhcpPacket): void {
    const isExpected = type === (this.#offered === undefined ? MessageType.DHCPOFFER : MessageType.DHCPACK);
    if (!isExpected) return;
    this.#cancel();
    this.#world.onReply(this.#world.nowMs() - this.#sentMs);
    if (this.#offered === undefined) {
      const id = ipv4Option.decode(packet.options.get(OptionCode.ServerIdentifier) ?? new Uint8Array());
      if (id.ok) this.#offered = { ip: packet.yiaddr, server: id.value };
      this.#begin();
      return;
    }
    this.#offered = undefined;
    this.#stage += 1;
    if (this.#stage < STAGES.length) this.#begin();
    else this.#world.onEnd(true);
  }

  #begin(): void {
    this.#attempt = 0;
    this.#transmit();
  }

  #transmit(): void {
    const waitSeconds = RETRANSMIT_SECONDS[this.#attempt];
    if (waitSeconds === undefined) {
      this.#world.onEnd(false);
      return;
    }
    if (this.#attempt > 0) this.#world.onRetransmit();
    this.#attempt += 1;
    this.#sentMs = this.#world.nowMs();
    this.#world.send(this.#message());
    const jitterSeconds = (2 * this.#world.random() - 1) * JITTER_SECONDS;
    this.#cancel = this.#world.later((waitSeconds + jitterSeconds) * 1_000, () => {
      this.#transmit();
    });
  }

  #message(): Uint8Array {
    const offered = this.#offered;
    const options = new Map<number, Uint8Array>([
      [
        OptionCode.DhcpMessageType,
        u8Option.encode(offered === undefined ? MessageType.DHCPDISCOVER : MessageType.DHCPREQUEST),
      ],
      [OptionCode.ParameterRequestList, codeListOption.encode(WANTED)],
      [OptionCode.VendorClassIdentifier, textOption.encode('PXEClient:Arch:00007:UNDI:003016')],
      [OptionCode.ClientSystemArchitecture, u16ListOption.encode([ClientArchitecture.x64Uefi])],
    ]);
    if (STAGES[this.#stage] === 'ipxe') options.set(OptionCode.UserClass, textOption.encode('iPXE'));
    if (offered !== undefined) {
      options.set(OptionCode.RequestedIpAddress, ipv4Option.encode(offered.ip));
      options.set(OptionCode.ServerIdentifier, ipv4Option.encode(offered.server));
    }
    return encodeDhcp({ ...this.#header(), options });
  }

  #header(): Omit<DhcpPacket, 'options'> {
    const none = '0.0.0.0' as Ipv4;
    return {
      op: BootpOp.BOOTREQUEST,
      htype: HTYPE_ETHERNET,
      hlen: 6,
      hops: 1,
      xid: this.#xid,
      secs: 0,
      flags: BROADCAST_FLAG,
      ciaddr: none,
      yiaddr: none,
      siaddr: none,
      giaddr: this.#world.relay,
      chaddr: chaddrOf(macToBytes(this.#mac)),
      sname: '',
      file: '',
    };
  }
}
