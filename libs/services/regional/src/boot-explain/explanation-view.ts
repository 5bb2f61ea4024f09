import type { BootExplanation, ExplainedPacket } from '@rackwright/contracts';
import type {
  DhcpDecision,
  DhcpRequest,
  Destination,
  FieldSource,
  LeaseChange,
  ReplyFields,
  Reply,
} from '@rackwright/domain-netboot';
import { formatInstant, formatMac } from '@rackwright/kernel';
import { describeOption, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { optionCodeOf } from '../dhcp/reply-packet.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hexNumber = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
/** What an answer may carry: octets of header fields are any. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** A packet with each of its options in words. */
export function packetView(bytes: Uint8Array, packet: DhcpPacket): ExplainedPacket {
  const options = [...packet.options].sort(([one], [other]) => one - other);
  return {
    hex: hex(bytes),
    size: bytes.length,
    xid: hexNumber(packet.xid, 8),
    flags: hexNumber(packet.flags, 4),
    ciaddr: packet.ciaddr,
    yiaddr: packet.yiaddr,
    siaddr: packet.siaddr,
    giaddr: packet.giaddr,
    sname: printable(packet.sname),
    file: printable(packet.file),
    options: options.map(([code, value]) => {
      const { name, text } = describeOption(code, value);
      return { code, name, value: text, hex: hex(value) };
    }),
  };
}

/** The facts a decision reads from a request. */
export function requestView(
  { type, mac, client }: DhcpRequest,
  packet: ExplainedPacket,
): NonNullable<BootExplanation['request']> {
  return {
    type,
    ...(mac === undefined ? {} : { mac: formatMac(mac) }),
    client: client.kind,
    architectures: client.architectures.map(String),
    packet,
  };
}

export function decisionView(decision: DhcpDecision): BootExplanation['decision'] {
  const details = {
    ...(decision.missingFile === undefined ? {} : { missing_file: decision.missingFile }),
    ...(decision.change === undefined ? {} : { change: changeText(decision.change) }),
  };
  if (decision.kind === 'silence') return { kind: 'silence', reason: decision.reason, ...details };
  const { type, reason, to, bootRefusal } = decision;
  return {
    kind: 'reply',
    type,
    reason,
    to: destinationText(to),
    ...(bootRefusal === undefined ? {} : { boot_refusal: bootRefusal }),
    ...details,
  };
}

function destinationText(to: Destination): string {
  const address = 'address' in to ? to.address : '255.255.255.255';
  return `${to.kind} ${address}:${to.port}`;
}

function changeText(change: LeaseChange): string {
  switch (change.kind) {
    case 'hold':
      return `hold ${change.ip} for ${formatMac(change.mac)} until ${formatInstant(change.until)}`;
    case 'bind':
      return `lease ${change.ip} to ${formatMac(change.mac)} until ${formatInstant(change.until)}`;
    case 'drop-hold':
      return `give up what ${formatMac(change.mac)} was offered`;
    case 'release':
      return `end the lease of ${change.ip}`;
    case 'decline':
      return `quarantine ${change.ip} until ${formatInstant(change.until)}`;
  }
}

/** Every value of a reply with its origin, in the order they were decided. */
export function fieldViews({ fields }: Reply): BootExplanation['fields'] {
  const names = Object.keys(fields) as (keyof ReplyFields)[];
  return names.flatMap((name) => {
    const field = fields[name];
    if (field === undefined) return [];
    const option = optionCodeOf(name);
    const view = { name, value: valueText(field.value), source: field.from.kind, origin: originText(field.from) };
    return [option === undefined ? view : { ...view, option }];
  });
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return printable(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return printable(JSON.stringify(value));
}

const origins: Readonly<Record<string, string>> = {
  request: 'the request itself',
  reservation: 'the reservation of the machine',
  lease: 'its lease',
  offer: 'what it was offered before',
  pool: 'the pools of the subnet',
  subnet: 'the subnet',
  region: 'the settings of the region',
  machine: 'the task or node of the machine',
  table: 'the table of boot files',
  protocol: 'the protocol',
};

function originText({ kind, name }: FieldSource): string {
  const words = origins[kind] ?? kind;
  return printable(name === undefined ? words : `${words} (${name})`);
}
