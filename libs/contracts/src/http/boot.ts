import type { Cidr, Idc, Instant, Ipv4, Mac } from '@rackwright/kernel';
import {
  CidrField,
  EnumField,
  IdcField,
  InstantField,
  IntegerField,
  Ipv4Field,
  MacField,
  ObjectField,
  ObjectListField,
  TextField,
  TextListField,
} from '../fields/index.js';
import type { FieldProblem } from '../problems/problem.js';
import { HOSTNAME_PATTERN } from './tasks.js';

/** Octets of one explained packet: more than any DHCP message has, less than what fills a request. */
export const MAX_EXPLAINED_PACKET_BYTES = 4_096;
/** Packets of one replay: its answer stays below the megabyte a NATS message may have. */
export const MAX_REPLAYED_PACKETS = 50;

const HEX_OCTETS = /^(?:[0-9a-fA-F]{2})+$/;
const HEX_SHAPE = 'hexadecimal octets, two digits each';
const INTERFACE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._@-]*$/;
const UUID_PATTERN = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Other classes are given as a packet. */
const CLASS_TEXT = {
  optional: true,
  maxLength: 255,
  pattern: /^[A-Za-z0-9][A-Za-z0-9 ._:/+,-]*$/,
  shape: 'of letters, digits, spaces and "._:/+,-"',
} as const;

const hexField = (description: string): PropertyDecorator =>
  TextField({ description, optional: true, maxLength: 510, pattern: HEX_OCTETS, shape: HEX_SHAPE });

const packetField = (optional: boolean): PropertyDecorator =>
  TextField({
    description: 'The UDP payload of a DHCP message in hexadecimal' + (optional ? ', instead of the facts above' : ''),
    optional,
    maxLength: 2 * MAX_EXPLAINED_PACKET_BYTES,
    pattern: HEX_OCTETS,
    shape: HEX_SHAPE,
  });
const serviceField = EnumField({
  description: 'Which port it comes to: 67 (dhcp, the default) or 4011 (boot-server)',
  optional: true,
  values: ['dhcp', 'boot-server'],
});
const sourceIpField = Ipv4Field({ description: 'Address it is sent from', optional: true });
const sourcePortField = IntegerField({
  description: 'UDP port it is sent from; default 67 from a relay, 68 from a client',
  optional: true,
  min: 1,
  max: 65_535,
});

export const explainedClients = ['pxe', 'http', 'ipxe', 'os'] as const;
export const explainedTypes = ['discover', 'request', 'decline', 'release', 'inform'] as const;

/** Option 82 of a described request. */
export class ExplainedRelay {
  @hexField('Sub-option 1 in hexadecimal') readonly circuit_id?: string;
  @hexField('Sub-option 2 in hexadecimal') readonly remote_id?: string;
  @Ipv4Field({ description: 'Sub-option 5, RFC 3527', optional: true }) readonly link_selection?: Ipv4;
  @Ipv4Field({ description: 'Sub-option 11, RFC 5107', optional: true }) readonly server_override?: Ipv4;
}

/** Where a packet is supposed to come in; the region's own DHCP interface unless said otherwise. */
export class ExplainedPlace {
  @IdcField({ optional: true, description: 'Data centre; may be left out where only one is online' })
  readonly idc?: Idc;
  @TextField({
    description: 'Interface of the region the request comes in on',
    optional: true,
    maxLength: 32,
    pattern: INTERFACE_PATTERN,
    shape: 'an interface name',
    example: 'eth0',
  })
  readonly interface?: string;
}

/** `POST /api/v1/boot/explain`: a request described by its facts (`mac` and what follows), or as a packet. */
export class ExplainBoot extends ExplainedPlace {
  @MacField({ optional: true }) readonly mac?: Mac;
  @EnumField({
    description: 'The program that asks; default pxe. os: an installed system, which is given nothing to boot',
    optional: true,
    values: explainedClients,
  })
  readonly client?: (typeof explainedClients)[number];
  @EnumField({ description: 'Message type; default discover', optional: true, values: explainedTypes })
  readonly type?: (typeof explainedTypes)[number];
  @IntegerField({
    description: 'Architecture code (option 93); default 7, over HTTP 16',
    optional: true,
    min: 0,
    max: 65_535,
    example: 7,
  })
  readonly arch?: number;
  @TextField({ description: 'Option 77', example: 'iPXE', ...CLASS_TEXT })
  readonly user_class?: string;
  @TextField({ description: 'Option 60 instead of the usual one of the client', ...CLASS_TEXT })
  readonly vendor_class?: string;
  @TextField({ description: 'Option 97', optional: true, maxLength: 36, pattern: UUID_PATTERN, shape: 'a UUID' })
  readonly uuid?: string;
  @TextField({
    description: 'Option 12',
    optional: true,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a host name (RFC 1123)',
  })
  readonly hostname?: string;
  @hexField('Option 61 in hexadecimal') readonly client_id?: string;
  @Ipv4Field({ description: 'Relay address', optional: true }) readonly giaddr?: Ipv4;
  @Ipv4Field({ description: 'Address the client has (ciaddr)', optional: true }) readonly ciaddr?: Ipv4;
  @Ipv4Field({ description: 'Address the client asks for (option 50)', optional: true }) readonly requested_ip?: Ipv4;
  @Ipv4Field({ description: 'Server the client chose (option 54)', optional: true }) readonly server_id?: Ipv4;
  @Ipv4Field({ description: 'Subnet selection (option 118)', optional: true }) readonly subnet_selection?: Ipv4;
  @ObjectField({ description: 'Option 82', optional: true, of: ExplainedRelay }) readonly relay?: ExplainedRelay;
  @packetField(true) readonly packet?: string;
  @serviceField readonly service?: 'dhcp' | 'boot-server';
  @sourceIpField readonly source_ip?: Ipv4;
  @sourcePortField readonly source_port?: number;
}

/** One packet of a conversation. */
export class ReplayedPacket {
  @packetField(false) readonly packet!: string;
  @serviceField readonly service?: 'dhcp' | 'boot-server';
  @sourceIpField readonly source_ip?: Ipv4;
  @sourcePortField readonly source_port?: number;
}

/** `POST /api/v1/boot/replay`: packets in the order they came, as one supposed conversation. */
export class ReplayBoot extends ExplainedPlace {
  @ObjectListField({
    description: 'What one of them would change counts for those after it',
    of: ReplayedPacket,
    minItems: 1,
    maxItems: MAX_REPLAYED_PACKETS,
  })
  readonly packets!: readonly ReplayedPacket[];
}

/** Where a packet may be said to come in, whichever way it is given. */
const arrivalFields: readonly string[] = [
  'idc',
  'interface',
  'packet',
  'service',
  'source_ip',
  'source_port',
] satisfies (keyof ExplainBoot)[];

/** What is wrong with the fields together: exactly one of the two forms is given. */
export function explainBootProblems(body: ExplainBoot): readonly FieldProblem[] {
  if (body.packet === undefined && body.mac === undefined) {
    const detail = 'is required: give mac, or packet';
    return ['mac', 'packet'].map((name) => ({ pointer: `/${name}`, detail: `${name} ${detail}` }));
  }
  if (body.packet === undefined) return [];
  return Object.entries(body)
    .filter(([name, value]) => value !== undefined && !arrivalFields.includes(name))
    .map(([name]) => ({ pointer: `/${name}`, detail: `${name} may not be given together with packet` }));
}

const word = (description: string, optional = false): PropertyDecorator =>
  TextField({ description, optional, maxLength: 128 });
const hexText = (description: string): PropertyDecorator =>
  TextField({ description, minLength: 0, maxLength: 131_072 });

/** One option of a packet. */
export class ExplainedOption {
  @IntegerField({ description: 'Code', min: 0, max: 255 }) readonly code!: number;
  @word('Name') readonly name!: string;
  @TextField({ description: 'Value in words', minLength: 0, maxLength: 131_072 }) readonly value!: string;
  @hexText('Value in hexadecimal') readonly hex!: string;
}

/** A packet, decoded. */
export class ExplainedPacket {
  @hexText('The UDP payload in hexadecimal') readonly hex!: string;
  @IntegerField({ description: 'Octets', min: 0, max: 65_535 }) readonly size!: number;
  @word('Transaction id in hexadecimal') readonly xid!: string;
  @word('Flags in hexadecimal') readonly flags!: string;
  @Ipv4Field({ description: 'Client address' }) readonly ciaddr!: Ipv4;
  @Ipv4Field({ description: 'Your address' }) readonly yiaddr!: Ipv4;
  @Ipv4Field({ description: 'Next server' }) readonly siaddr!: Ipv4;
  @Ipv4Field({ description: 'Relay address' }) readonly giaddr!: Ipv4;
  @TextField({ description: 'Server name field', minLength: 0, maxLength: 256 }) readonly sname!: string;
  @TextField({ description: 'Boot file field', minLength: 0, maxLength: 512 }) readonly file!: string;
  @ObjectListField({ description: 'Options in ascending order', of: ExplainedOption, maxItems: 254 })
  readonly options!: readonly ExplainedOption[];
}

/** What a request says, as decisions read it. */
export class ExplainedRequest {
  @word('Message type') readonly type!: string;
  @word('MAC address with colons', true) readonly mac?: string;
  @word('The program that asks: pxe, http, ipxe or none') readonly client!: string;
  @TextListField({ description: 'Architecture codes', maxItems: 128, maxLength: 8, shape: 'a code' })
  readonly architectures!: readonly string[];
  @ObjectField({ description: 'The request as it was read', of: ExplainedPacket }) readonly packet!: ExplainedPacket;
}

/** A reply or silence, and why. */
export class ExplainedDecision {
  @EnumField({ description: 'What happens', values: ['reply', 'silence'] }) readonly kind!: 'reply' | 'silence';
  @word('offer, ack or nak', true) readonly type?: string;
  @word('Why, as a stable code') readonly reason!: string;
  @word('Where the reply goes', true) readonly to?: string;
  @word('Why there is nothing to boot in it', true) readonly boot_refusal?: string;
  @TextField({ description: 'The boot file the region lacks', optional: true, maxLength: 512 })
  readonly missing_file?: string;
  @TextField({ description: 'What it would do to the addresses', optional: true, maxLength: 256 })
  readonly change?: string;
}

export class ExplainedSubnet {
  @word('Name') readonly name!: string;
  @CidrField({ description: 'Network' }) readonly cidr!: Cidr;
}

/** A value of the reply and its origin. */
export class ExplainedField {
  @word('Field') readonly name!: string;
  @IntegerField({ description: 'Option code', optional: true, min: 0, max: 255 }) readonly option?: number;
  @TextField({ description: 'Value', minLength: 0, maxLength: 8_192 }) readonly value!: string;
  @word('Kind of its origin: request, reservation, lease, offer, pool, subnet, region, …') readonly source!: string;
  @TextField({ description: 'Its origin in words', maxLength: 512 }) readonly origin!: string;
}

/** The boot script the machine would get over HTTP. */
export class ExplainedScript {
  @word('wait, install, local-boot or rescue') readonly script!: string;
  @word('Why') readonly reason!: string;
}

/** What a region would do with a packet, and why. Nothing was changed. */
export class BootExplanation {
  @IdcField() readonly idc!: Idc;
  @InstantField({ description: 'When' }) readonly at!: Instant;
  @ObjectField({ description: 'Absent when the packet cannot be decoded', optional: true, of: ExplainedRequest })
  readonly request?: ExplainedRequest;
  @ObjectField({ description: 'Decision', of: ExplainedDecision }) readonly decision!: ExplainedDecision;
  @ObjectField({ description: 'The subnet that was chosen', optional: true, of: ExplainedSubnet })
  readonly subnet?: ExplainedSubnet;
  @ObjectListField({ description: 'Fields of the reply', of: ExplainedField, maxItems: 64 })
  readonly fields!: readonly ExplainedField[];
  @ObjectField({ description: 'The reply as it would be sent', optional: true, of: ExplainedPacket })
  readonly reply?: ExplainedPacket;
  @ObjectField({ description: 'The boot script, when the MAC is known', optional: true, of: ExplainedScript })
  readonly script?: ExplainedScript;
}

/** One explanation per packet, in their order. */
export class BootReplay {
  @ObjectListField({ description: 'Explanations', of: BootExplanation, maxItems: MAX_REPLAYED_PACKETS })
  readonly explanations!: readonly BootExplanation[];
}
