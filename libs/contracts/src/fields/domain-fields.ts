import { parseCidr, parseIdc, parseInstant, parseIpv4, parseMac, parseSn } from '@rackwright/kernel';
import { ParsedField } from './scalar-fields.js';
import type { FieldOptions } from './field.js';

type DomainFieldOptions = Partial<FieldOptions>;

/** An IDC name. */
export function IdcField(options: DomainFieldOptions = {}): PropertyDecorator {
  const shape = '1 to 32 characters of a-z, 0-9 and "-", and not a reserved name';
  return ParsedField({ description: 'Data centre', example: 'dc1', ...options, kind: 'idc', parse: parseIdc, shape });
}

/** A machine serial number. */
export function SnField(options: DomainFieldOptions = {}): PropertyDecorator {
  const shape = '1 to 64 characters of A-Z, a-z, 0-9, ".", "_" and "-", starting with a letter or digit';
  const described = { description: 'Machine serial number', example: 'sn-001', ...options };
  return ParsedField({ ...described, kind: 'sn', parse: parseSn, shape });
}

/** A MAC address in any usual spelling; held as 12 lower-case hexadecimal digits. */
export function MacField(options: DomainFieldOptions = {}): PropertyDecorator {
  const shape = 'a unicast MAC address such as 00:1a:2b:3c:4d:5e (colons, dashes, dots or none)';
  const described = { description: 'MAC address', example: '00:1a:2b:3c:4d:5e', ...options };
  return ParsedField({ ...described, kind: 'mac', parse: parseMac, shape });
}

/** An IPv4 address. */
export function Ipv4Field(options: DomainFieldOptions = {}): PropertyDecorator {
  const described = { description: 'IPv4 address', example: '10.0.0.10', ...options };
  return ParsedField({ ...described, kind: 'ipv4', parse: parseIpv4, shape: 'an IPv4 address such as 10.0.0.10' });
}

/** An IPv4 network. */
export function CidrField(options: DomainFieldOptions = {}): PropertyDecorator {
  const described = { description: 'IPv4 network', example: '10.0.0.0/24', ...options };
  const shape = 'an IPv4 network such as 10.0.0.0/24, without host bits';
  return ParsedField({ ...described, kind: 'cidr', parse: parseCidr, shape });
}

/** An RFC 3339 instant; held in UTC. */
export function InstantField(options: DomainFieldOptions = {}): PropertyDecorator {
  const described = { description: 'Instant (RFC 3339)', example: '2026-11-20T12:00:00.000Z', ...options };
  const shape = 'an RFC 3339 instant such as 2026-11-20T12:00:00Z';
  return ParsedField({ ...described, kind: 'instant', parse: parseInstant, shape });
}
