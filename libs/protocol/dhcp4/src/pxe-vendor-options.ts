import { ByteReader, malformed, ok, type Decoded, type Ipv4 } from '@rackwright/kernel';
import { joinOctets, readText, textOctets } from './field-octets.js';
import { ipv4ListOption, u16ListOption, type OptionCodec } from './option-codec.js';
import type { OptionMap } from './packet.js';
import { decodeSubOptions, encodeSubOptions } from './sub-options.js';

/** Sub-options of option 43 for PXE clients: PXE 2.1 table 2-1. */
export const PxeSubOption = {
  DiscoveryControl: 6,
  BootServers: 8,
  BootMenu: 9,
  MenuPrompt: 10,
  BootItem: 71,
} as const;

/** Bits of the discovery control: PXE 2.1 table 2-1. */
export const PxeDiscovery = {
  disableBroadcast: 1,
  disableMulticast: 2,
  onlyListedServers: 4,
  /** Boot the file named in this reply without asking a boot server. */
  bootFileNow: 8,
} as const;

export interface PxeBootServer {
  readonly type: number;
  readonly addresses: readonly Ipv4[];
}

export interface PxeMenuEntry {
  readonly type: number;
  readonly description: string;
}

/** Option 43 as PXE clients read it. */
export interface PxeVendorOptions {
  readonly discoveryControl?: number;
  readonly bootServers?: readonly PxeBootServer[];
  readonly bootMenu?: readonly PxeMenuEntry[];
  /** `timeoutSeconds` 255 waits for a key, 0 takes the first entry at once. */
  readonly menuPrompt?: { readonly timeoutSeconds: number; readonly prompt: string };
  readonly bootItem?: { readonly type: number; readonly layer: number };
  /** Sub-options this code does not interpret, as they came. */
  readonly others?: OptionMap;
}

/** Option 43 of PXE messages. Lists are limited by the 255 octets of one sub-option. */
export const pxeVendorOption: OptionCodec<PxeVendorOptions> = {
  decode: (value) => {
    const decoded = decodeSubOptions(value, 'pad-and-end');
    return decoded.ok ? vendorOptionsOf(decoded.value) : decoded;
  },
  encode: (vendor) => encodeSubOptions(subOptionsOf(vendor), 'pad-and-end'),
};

type Fields = { -readonly [K in keyof PxeVendorOptions]: PxeVendorOptions[K] };

function vendorOptionsOf(subOptions: ReadonlyMap<number, Uint8Array>): Decoded<PxeVendorOptions> {
  const fields: Fields = {};
  const others = new Map<number, Uint8Array>();
  for (const [code, value] of subOptions) {
    const reader = new ByteReader(value);
    const known = readField(fields, code, reader);
    if (!known) others.set(code, value);
    else if (reader.overrun || reader.remaining > 0) return malformed('sub-option-length-invalid', code);
  }
  return ok(others.size === 0 ? fields : { ...fields, others });
}

function readField(fields: Fields, code: number, reader: ByteReader): boolean {
  switch (code) {
    case PxeSubOption.DiscoveryControl:
      fields.discoveryControl = reader.u8();
      return true;
    case PxeSubOption.BootServers:
      fields.bootServers = readBootServers(reader);
      return true;
    case PxeSubOption.BootMenu:
      fields.bootMenu = readBootMenu(reader);
      return true;
    case PxeSubOption.MenuPrompt:
      fields.menuPrompt = { timeoutSeconds: reader.u8(), prompt: readText(reader.bytes(reader.remaining)) };
      return true;
    case PxeSubOption.BootItem:
      fields.bootItem = { type: reader.u16(), layer: reader.u16() };
      return true;
    default:
      return false;
  }
}

function readBootServers(reader: ByteReader): PxeBootServer[] {
  const servers: PxeBootServer[] = [];
  while (reader.remaining > 0) {
    const type = reader.u16();
    const octets = reader.bytes(reader.u8() * 4);
    const addresses = ipv4ListOption.decode(octets);
    servers.push({ type, addresses: addresses.ok ? addresses.value : [] });
  }
  return servers;
}

function readBootMenu(reader: ByteReader): PxeMenuEntry[] {
  const entries: PxeMenuEntry[] = [];
  while (reader.remaining > 0) entries.push({ type: reader.u16(), description: readText(reader.bytes(reader.u8())) });
  return entries;
}

function subOptionsOf(vendor: PxeVendorOptions): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  if (vendor.discoveryControl !== undefined)
    found.set(PxeSubOption.DiscoveryControl, Uint8Array.of(vendor.discoveryControl));
  if (vendor.bootServers !== undefined) found.set(PxeSubOption.BootServers, bootServerOctets(vendor.bootServers));
  if (vendor.bootMenu !== undefined) found.set(PxeSubOption.BootMenu, menuOctets(vendor.bootMenu));
  if (vendor.menuPrompt !== undefined) {
    const { timeoutSeconds, prompt } = vendor.menuPrompt;
    found.set(PxeSubOption.MenuPrompt, joinOctets([Uint8Array.of(timeoutSeconds), textOctets(prompt)]));
  }
  if (vendor.bootItem !== undefined) {
    found.set(PxeSubOption.BootItem, u16ListOption.encode([vendor.bootItem.type, vendor.bootItem.layer]));
  }
  for (const [code, value] of vendor.others ?? []) found.set(code, value);
  return found;
}

function bootServerOctets(servers: readonly PxeBootServer[]): Uint8Array {
  return joinOctets(
    servers.flatMap(({ type, addresses }) => [
      u16ListOption.encode([type]),
      Uint8Array.of(addresses.length),
      ipv4ListOption.encode(addresses),
    ]),
  );
}

function menuOctets(entries: readonly PxeMenuEntry[]): Uint8Array {
  return joinOctets(
    entries.flatMap(({ type, description }) => [
      u16ListOption.encode([type]),
      Uint8Array.of(description.length),
      textOctets(description),
    ]),
  );
}
