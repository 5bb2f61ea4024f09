import { ipv4FromBytes, malformed, ok, type Decoded, type Ipv4 } from '@rackwright/kernel';
import { readIpv4, readText, textOctets, writeIpv4 } from './field-octets.js';
import type { OptionMap } from './packet.js';

/** Both directions of one option format. Fault offsets count from the start of the option's value. */
export interface OptionCodec<T> {
  decode(value: Uint8Array): Decoded<T>;
  encode(value: T): Uint8Array;
}

/** The option's value, a fault when its octets break the format, `undefined` when the option is absent. */
export function readOption<T>(options: OptionMap, code: number, codec: OptionCodec<T>): Decoded<T> | undefined {
  const value = options.get(code);
  return value === undefined ? undefined : codec.decode(value);
}

/** The option's value; `undefined` when absent or malformed. Only for options whose loss changes nothing that matters. */
export function findOption<T>(options: OptionMap, code: number, codec: OptionCodec<T>): T | undefined {
  const read = readOption(options, code, codec);
  return read?.ok === true ? read.value : undefined;
}

function wrongLength(value: Uint8Array): Decoded<never> {
  return malformed('option-length-invalid', value.length);
}

function unsigned(sizeBytes: 1 | 2 | 4): OptionCodec<number> {
  return {
    decode: (value) => {
      if (value.length !== sizeBytes) return wrongLength(value);
      let number = 0;
      for (const octet of value) number = number * 256 + octet;
      return ok(number);
    },
    encode: (number) => {
      const value = new Uint8Array(sizeBytes);
      for (let index = 0; index < sizeBytes; index += 1) value[index] = number >>> (8 * (sizeBytes - 1 - index));
      return value;
    },
  };
}

/** One octet. */
export const u8Option = unsigned(1);
/** Two octets, network order. */
export const u16Option = unsigned(2);
/** Four octets, network order: times in seconds. */
export const u32Option = unsigned(4);

/** One IPv4 address. */
export const ipv4Option: OptionCodec<Ipv4> = {
  decode: (value) => (value.length === 4 ? ok(readIpv4(value, 0)) : wrongLength(value)),
  encode: (ip) => {
    const value = new Uint8Array(4);
    writeIpv4(value, 0, ip);
    return value;
  },
};

/** At least one IPv4 address, in order of preference. */
export const ipv4ListOption: OptionCodec<readonly Ipv4[]> = {
  decode: (value) => {
    if (value.length === 0 || value.length % 4 !== 0) return wrongLength(value);
    return ok(Array.from({ length: value.length / 4 }, (_, index) => ipv4FromBytes(value, index * 4)));
  },
  encode: (ips) => {
    const value = new Uint8Array(ips.length * 4);
    for (const [index, ip] of ips.entries()) writeIpv4(value, index * 4, ip);
    return value;
  },
};

/** Text, one character per octet; a terminating NUL, which some clients add, is not part of it (RFC 2132 section 2). */
export const textOption: OptionCodec<string> = {
  decode: (value) => (value.length === 0 ? wrongLength(value) : ok(readText(value))),
  encode: textOctets,
};

/** Raw octets, at least one: option codes of a parameter request list (55), identifiers kept as they came. */
export const octetsOption: OptionCodec<Uint8Array> = {
  decode: (value) => (value.length === 0 ? wrongLength(value) : ok(value)),
  encode: (value) => value,
};

/** Ten times as fast as spreading a typed array, and every message has such a list. */
function numbersOf(octets: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let index = 0; index < octets.length; index += 1) numbers.push(octets[index] ?? 0);
  return numbers;
}

/** A list of option codes: RFC 2132 section 9.8. */
export const codeListOption: OptionCodec<readonly number[]> = {
  decode: (value) => (value.length === 0 ? wrongLength(value) : ok(numbersOf(value))),
  encode: (codes) => Uint8Array.from(codes),
};

/** A list of 16-bit numbers, such as client architectures; an odd length is a fault: RFC 4578 section 2.1. */
export const u16ListOption: OptionCodec<readonly number[]> = {
  decode: (value) => {
    if (value.length === 0 || value.length % 2 !== 0) return wrongLength(value);
    return ok(
      Array.from(
        { length: value.length / 2 },
        (_, index) => (value[index * 2] ?? 0) * 256 + (value[index * 2 + 1] ?? 0),
      ),
    );
  },
  encode: (numbers) => Uint8Array.from(numbers.flatMap((number) => [number >>> 8, number & 255])),
};
