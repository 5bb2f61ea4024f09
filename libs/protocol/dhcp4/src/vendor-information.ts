import { ByteReader, malformed, ok, type Decoded } from '@rackwright/kernel';
import { joinOctets } from './field-octets.js';
import { u32Option, type OptionCodec } from './option-codec.js';

/** What one vendor says in option 125, undecoded: only the vendor knows the format. */
export interface VendorInformation {
  /** IANA private enterprise number. */
  readonly enterprise: number;
  /** At most 255 octets. */
  readonly data: Uint8Array;
}

/** Option 125: RFC 3925 section 4. */
export const vendorInformationOption: OptionCodec<readonly VendorInformation[]> = {
  decode: decodeVendors,
  encode: (vendors) =>
    joinOctets(
      vendors.flatMap(({ enterprise, data }) => [u32Option.encode(enterprise), Uint8Array.of(data.length), data]),
    ),
};

function decodeVendors(value: Uint8Array): Decoded<readonly VendorInformation[]> {
  if (value.length === 0) return malformed('option-length-invalid', 0);
  const vendors: VendorInformation[] = [];
  const reader = new ByteReader(value);
  while (reader.remaining > 0) {
    const at = reader.offset;
    const enterprise = reader.u32();
    const data = reader.bytes(reader.u8());
    if (reader.overrun) return malformed('vendor-information-truncated', at);
    vendors.push({ enterprise, data });
  }
  return ok(vendors);
}
