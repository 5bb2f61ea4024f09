import { malformed, ok } from '@rackwright/kernel';
import { joinOctets, readText, textOctets } from './field-octets.js';
import type { OptionCodec } from './option-codec.js';

/** Option 61: RFC 2132 section 9.14. */
export interface ClientIdentifier {
  /** A hardware type, 0 for other identifiers, 255 for IAID and DUID (RFC 4361 section 6.1). */
  readonly type: number;
  readonly identifier: Uint8Array;
}

export const clientIdentifierOption: OptionCodec<ClientIdentifier> = {
  decode: (value) =>
    value.length < 2
      ? malformed('option-length-invalid', value.length)
      : ok({ type: value[0] ?? 0, identifier: value.subarray(1) }),
  encode: ({ type, identifier }) => joinOctets([Uint8Array.of(type), identifier]),
};

/** Option 77 as it came: `list` is the format of RFC 3004, `raw` the bare text that iPXE and older ROMs send. */
export interface UserClass {
  readonly form: 'raw' | 'list';
  /** One character per octet. */
  readonly classes: readonly string[];
}

export const userClassOption: OptionCodec<UserClass> = {
  decode: (value) => {
    if (value.length === 0) return malformed('option-length-invalid', 0);
    const classes = userClassList(value);
    return ok(classes === undefined ? { form: 'raw', classes: [readText(value)] } : { form: 'list', classes });
  },
  encode: ({ form, classes }) =>
    form === 'raw'
      ? textOctets(classes[0] ?? '')
      : joinOctets(classes.flatMap((name) => [Uint8Array.of(name.length), textOctets(name)])),
};

/** The classes when non-empty length-prefixed parts fill the value exactly: RFC 3004 section 4. */
function userClassList(value: Uint8Array): string[] | undefined {
  const classes: string[] = [];
  let at = 0;
  while (at < value.length) {
    const length = value[at] ?? 0;
    const end = at + 1 + length;
    if (length === 0 || end > value.length) return undefined;
    classes.push(String.fromCharCode(...value.subarray(at + 1, end)));
    at = end;
  }
  return classes;
}

/** Option 94: RFC 4578 section 2.2. */
export interface NetworkInterfaceIdentifier {
  /** 1 for UNDI. */
  readonly type: number;
  readonly major: number;
  readonly minor: number;
}

export const networkInterfaceOption: OptionCodec<NetworkInterfaceIdentifier> = {
  decode: (value) =>
    value.length === 3
      ? ok({ type: value[0] ?? 0, major: value[1] ?? 0, minor: value[2] ?? 0 })
      : malformed('option-length-invalid', value.length),
  encode: ({ type, major, minor }) => Uint8Array.of(type, major, minor),
};

const MACHINE_ID_BYTES = 17;
const UUID_GROUPS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
const UUID_SHAPE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Option 97 as lower-case UUID text in wire order; type 0 and 16 octets: RFC 4578 section 2.3. */
export const machineIdentifierOption: OptionCodec<string> = {
  decode: (value) => {
    if (value.length !== MACHINE_ID_BYTES) return malformed('option-length-invalid', value.length);
    if (value[0] !== 0) return malformed('machine-identifier-type-unknown', 0);
    return ok(Buffer.from(value.subarray(1)).toString('hex').replace(UUID_GROUPS, '$1-$2-$3-$4-$5'));
  },
  encode: (uuid) => {
    const value = new Uint8Array(MACHINE_ID_BYTES);
    if (UUID_SHAPE.test(uuid)) value.set(Buffer.from(uuid.replaceAll('-', ''), 'hex'), 1);
    return value;
  },
};
