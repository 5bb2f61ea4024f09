import {
  ByteReader,
  ipv4FromNumber,
  malformed,
  networkOf,
  ok,
  prefixLengthOf,
  type Cidr,
  type Decoded,
  type Ipv4,
} from '@rackwright/kernel';
import { joinOctets } from './field-octets.js';
import { ipv4Option, type OptionCodec } from './option-codec.js';

/** One route of option 121. */
export interface ClasslessRoute {
  readonly destination: Cidr;
  /** `0.0.0.0` means on-link. */
  readonly gateway: Ipv4;
}

/** Option 121: RFC 3442. Host bits that a sender left set in a destination are cleared. */
export const classlessRoutesOption: OptionCodec<readonly ClasslessRoute[]> = {
  decode: decodeRoutes,
  encode: (routes) =>
    joinOctets(
      routes.flatMap(({ destination, gateway }) => {
        const prefixLength = prefixLengthOf(destination);
        const network = ipv4Option.encode(networkOf(destination));
        return [
          Uint8Array.of(prefixLength),
          network.subarray(0, significant(prefixLength)),
          ipv4Option.encode(gateway),
        ];
      }),
    ),
};

function significant(prefixLength: number): number {
  return Math.ceil(prefixLength / 8);
}

function decodeRoutes(value: Uint8Array): Decoded<readonly ClasslessRoute[]> {
  if (value.length === 0) return malformed('option-length-invalid', 0);
  const routes: ClasslessRoute[] = [];
  const reader = new ByteReader(value);
  while (reader.remaining > 0) {
    const at = reader.offset;
    const prefixLength = reader.u8();
    if (prefixLength > 32) return malformed('route-prefix-invalid', at);
    const destination = reader.bytes(significant(prefixLength));
    const gateway = ipv4FromNumber(reader.u32());
    if (reader.overrun) return malformed('route-truncated', at);
    routes.push({ destination: cidrOf(destination, prefixLength), gateway });
  }
  return ok(routes);
}

function cidrOf(octets: Uint8Array, prefixLength: number): Cidr {
  let network = 0;
  for (let index = 0; index < 4; index += 1) network = network * 256 + (octets[index] ?? 0);
  const mask = prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
  return `${ipv4FromNumber((network & mask) >>> 0)}/${prefixLength}` as Cidr;
}
