import { findOption, ipv4Option, OptionCode, textOption, u32Option } from '@rackwright/protocol-dhcp4';
import type { Received } from './dhcp-peer.js';
import { wireOptions } from './wire-options.js';

export const hex = (value: Uint8Array | undefined): string =>
  value === undefined ? 'absent' : Buffer.from(value).toString('hex');

/** Codes of the options field as they stand in the packet. */
export function codesOf({ bytes }: Received): readonly number[] {
  return wireOptions(bytes).options.map(({ code }) => code);
}

export function leaseSecondsOf({ packet }: Received): number | undefined {
  return findOption(packet.options, OptionCode.IpAddressLeaseTime, u32Option);
}

export function serverIdOf({ packet }: Received): string | undefined {
  return findOption(packet.options, OptionCode.ServerIdentifier, ipv4Option);
}

/** What the client is told to boot: the header field, or option 67. */
export function bootFileOf({ packet }: Received): string {
  return packet.file === '' ? (findOption(packet.options, OptionCode.BootfileName, textOption) ?? '') : packet.file;
}
