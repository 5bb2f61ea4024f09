import { ByteReader, malformed, ok, type Decoded, type Ipv4 } from '@rackwright/kernel';
import { joinOctets } from './field-octets.js';
import { ipv4Option, type OptionCodec } from './option-codec.js';
import { OptionCode } from './option-code.js';
import type { OptionMap } from './packet.js';

/** How a container marks its end: option 43 may pad and end like the options field, option 82 may not. */
export type SubOptionStyle = 'plain' | 'pad-and-end';

/** Reads code, length, value triples: RFC 2132 section 8.4, RFC 3046 section 2.0. A repeated code keeps its first value. */
export function decodeSubOptions(value: Uint8Array, style: SubOptionStyle): Decoded<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  const reader = new ByteReader(value);
  while (reader.remaining > 0) {
    const at = reader.offset;
    const code = reader.u8();
    if (style === 'pad-and-end' && code === OptionCode.Pad) continue;
    if (style === 'pad-and-end' && code === OptionCode.End) break;
    const part = reader.bytes(reader.u8());
    if (reader.overrun) return malformed('sub-option-truncated', at);
    if (!found.has(code)) found.set(code, part);
  }
  return ok(found);
}

/** Writes the triples in map order; each value has at most 255 octets. */
export function encodeSubOptions(subOptions: OptionMap, style: SubOptionStyle): Uint8Array {
  const parts = [...subOptions].flatMap(([code, value]) => [Uint8Array.of(code, value.length), value]);
  return joinOctets(style === 'pad-and-end' ? [...parts, Uint8Array.of(OptionCode.End)] : parts);
}

/** Sub-options of option 82. */
export const RelaySubOption = {
  // RFC 3046 section 2.0
  CircuitId: 1,
  RemoteId: 2,
  // RFC 3527
  LinkSelection: 5,
  // RFC 5107
  ServerIdentifierOverride: 11,
  // RFC 8357
  RelaySourcePort: 19,
} as const;

/** What a relay tells about where a request came from. The option itself is echoed from its original octets. */
export interface RelayAgentInformation {
  readonly circuitId?: Uint8Array;
  readonly remoteId?: Uint8Array;
  /** The subnet to allocate from, RFC 3527. */
  readonly linkSelection?: Ipv4;
  /** The address to send as server identifier, RFC 5107. */
  readonly serverOverride?: Ipv4;
  /** The relay wants the reply on the UDP port it sent from, RFC 8357. */
  readonly usesSourcePort: boolean;
  /** Every sub-option as it came. */
  readonly subOptions: OptionMap;
}

/** Option 82; encoding writes {@link RelayAgentInformation.subOptions}. */
export const relayAgentOption: OptionCodec<RelayAgentInformation> = {
  decode: (value) => {
    const decoded = decodeSubOptions(value, 'plain');
    if (!decoded.ok) return decoded;
    const subOptions = decoded.value;
    const link = subAddress(subOptions, RelaySubOption.LinkSelection);
    if (!link.ok) return link;
    const override = subAddress(subOptions, RelaySubOption.ServerIdentifierOverride);
    if (!override.ok) return override;
    const circuitId = subOptions.get(RelaySubOption.CircuitId);
    const remoteId = subOptions.get(RelaySubOption.RemoteId);
    return ok({
      ...(circuitId === undefined ? {} : { circuitId }),
      ...(remoteId === undefined ? {} : { remoteId }),
      ...(link.value === undefined ? {} : { linkSelection: link.value }),
      ...(override.value === undefined ? {} : { serverOverride: override.value }),
      usesSourcePort: subOptions.has(RelaySubOption.RelaySourcePort),
      subOptions,
    });
  },
  encode: ({ subOptions }) => encodeSubOptions(subOptions, 'plain'),
};

function subAddress(subOptions: OptionMap, code: number): Decoded<Ipv4 | undefined> {
  const value = subOptions.get(code);
  if (value === undefined) return ok(undefined);
  const address = ipv4Option.decode(value);
  return address.ok ? address : malformed('sub-option-length-invalid', code);
}
