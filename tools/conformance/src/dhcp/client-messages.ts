import {
  MessageType,
  networkInterfaceOption,
  OptionCode,
  textOption,
  u16ListOption,
  userClassOption,
} from '@rackwright/protocol-dhcp4';
import { cidrContains } from '@rackwright/kernel';
import { NotApplicable, Unmet } from '../verdict.js';
import type { DhcpPeer, Received } from './dhcp-peer.js';
import { bootFileOf } from './read-reply.js';

export type Options = readonly (readonly [number, Uint8Array])[];

const X64_UEFI = 7;
const X64_UEFI_HTTP = 16;

/** What boot ROMs ask for: RFC 4578, with the options of an installed system. */
export const wanted: readonly [number, Uint8Array] = [
  OptionCode.ParameterRequestList,
  Uint8Array.of(1, 3, 6, 12, 15, 28, 42, 43, 51, 54, 58, 59, 60, 66, 67, 97, 119, 121),
];

/** Options of x64 UEFI firmware: RFC 4578 section 2. */
export function firmware(architectures: readonly number[] = [X64_UEFI]): Options {
  return [
    wanted,
    [OptionCode.VendorClassIdentifier, textOption.encode('PXEClient:Arch:00007:UNDI:003016')],
    [OptionCode.ClientSystemArchitecture, u16ListOption.encode(architectures)],
    [OptionCode.ClientNetworkInterface, networkInterfaceOption.encode({ type: 1, major: 3, minor: 16 })],
  ];
}

/** Options of x64 UEFI firmware that boots over HTTP: UEFI 2.10 section 24.7, RFC 5970. */
export const httpFirmware: Options = [
  wanted,
  [OptionCode.VendorClassIdentifier, textOption.encode('HTTPClient:Arch:00016:UNDI:003001')],
  [OptionCode.ClientSystemArchitecture, u16ListOption.encode([X64_UEFI_HTTP])],
];

/** The same machine once iPXE runs on it; the user class bare, as iPXE sends it, or as a list (RFC 3004 section 4). */
export function ipxe(form: 'raw' | 'list' = 'raw'): Options {
  return [...firmware(), [OptionCode.UserClass, userClassOption.encode({ form, classes: ['iPXE'] })]];
}

/** What firmware is told to boot; ends a statement where nothing is booted. */
export async function firmwareFile(peer: DhcpPeer): Promise<string> {
  if (!peer.site.boots) throw new NotApplicable('the site has no boot files');
  const file = bootFileOf(await peer.offer({ mac: peer.newMac(), options: firmware() }));
  if (file === '') throw new Unmet('firmware got no boot file');
  return file;
}

/** A whole exchange of the reserved machine, which makes it known to the server. */
export async function reservedLease(peer: DhcpPeer, options: Options = [wanted]): Promise<Received> {
  const { mac, ip } = peer.reserved();
  const acknowledged = await peer.lease({ mac, options });
  if (acknowledged.packet.yiaddr !== ip) throw new Unmet(`the reserved machine got ${acknowledged.packet.yiaddr}`);
  return acknowledged;
}

/** The NAK to a client that asks for an address nobody offered it. */
export function nakOf(peer: DhcpPeer, broadcastFlag = false): Promise<Received> {
  return peer.expect(MessageType.DHCPNAK, wrongRequest(peer, broadcastFlag));
}

export function wrongRequest(peer: DhcpPeer, broadcastFlag = false) {
  return peer.relayed(MessageType.DHCPREQUEST, {
    mac: peer.newMac(),
    options: [[OptionCode.RequestedIpAddress, ipOctets(peer.site.foreign)]],
    change: { flags: broadcastFlag ? 0x8000 : 0 },
  });
}

export const ipOctets = (ip: string): Uint8Array => Uint8Array.from(ip.split('.').map(Number));

export function isOnSubnet(peer: DhcpPeer, { packet }: Received): boolean {
  return cidrContains(peer.site.subnet, packet.yiaddr);
}
