import type { Cidr, Ipv4 } from '@rackwright/kernel';
import { parseIpv4 } from '@rackwright/kernel';
import {
  BooleanField,
  CidrField,
  IntegerField,
  Ipv4Field,
  ObjectField,
  ObjectListField,
  TextField,
  TextListField,
  TextMapField,
} from '../fields/index.js';
import { HOSTNAME_PATTERN } from './tasks.js';

const ADDRESS_LIST = {
  optional: true,
  maxItems: 8,
  maxLength: 15,
  parse: parseIpv4,
  shape: 'an IPv4 address',
} as const;
/** 5 minutes; shorter leases make every client renew all the time. */
export const MIN_LEASE_SECONDS = 60;
/** 30 days. */
export const MAX_LEASE_SECONDS = 2_592_000;
export const DEFAULT_LEASE_SECONDS = 86_400;

/** A span of addresses. */
export class AddressRangeDto {
  @Ipv4Field({ description: 'First address' }) readonly start!: Ipv4;
  @Ipv4Field({ description: 'Last address' }) readonly end!: Ipv4;
}

/** A static route. */
export class StaticRouteDto {
  @CidrField({ description: 'Destination' }) readonly destination!: Cidr;
  @Ipv4Field({ description: 'Gateway' }) readonly gateway!: Ipv4;
}

/** Which relayed requests belong to the subnet. */
export class RelayMatchDto {
  @TextListField({ description: 'Relay addresses', ...ADDRESS_LIST, maxItems: 64 }) readonly giaddr?: readonly Ipv4[];
  @TextListField({
    description: 'Option 82 sub-option 1 in hexadecimal',
    optional: true,
    maxItems: 256,
    maxLength: 510,
    pattern: /^(?:[0-9a-f]{2})+$/,
    shape: 'lower-case hexadecimal',
  })
  readonly circuit_ids?: readonly string[];
  @TextListField({
    description: 'Option 82 sub-option 2 in hexadecimal',
    optional: true,
    maxItems: 256,
    maxLength: 510,
    pattern: /^(?:[0-9a-f]{2})+$/,
    shape: 'lower-case hexadecimal',
  })
  readonly remote_ids?: readonly string[];
}

/** `PUT /api/v1/subnets/:idc/:name`. */
export class PutSubnet {
  @CidrField({ description: 'The network' }) readonly cidr!: Cidr;
  @ObjectListField({ description: 'Pools', optional: true, of: AddressRangeDto, maxItems: 64 })
  readonly pools?: readonly AddressRangeDto[];
  @ObjectListField({ description: 'Addresses never given out', optional: true, of: AddressRangeDto, maxItems: 256 })
  readonly exclusions?: readonly AddressRangeDto[];
  @Ipv4Field({ description: 'Default gateway', optional: true }) readonly gateway?: Ipv4;
  @TextListField({ description: 'Name servers', ...ADDRESS_LIST }) readonly dns?: readonly Ipv4[];
  @TextListField({ description: 'Time servers', ...ADDRESS_LIST }) readonly ntp?: readonly Ipv4[];
  @TextField({
    description: 'Domain',
    optional: true,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a domain name',
  })
  readonly domain?: string;
  @TextListField({
    description: 'Search domains',
    optional: true,
    maxItems: 16,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a domain name',
  })
  readonly search?: readonly string[];
  @IntegerField({ description: 'Interface MTU', optional: true, min: 576, max: 65_535 }) readonly mtu?: number;
  @ObjectListField({ description: 'Static routes', optional: true, of: StaticRouteDto, maxItems: 32 })
  readonly routes?: readonly StaticRouteDto[];
  @IntegerField({
    description: `Lease time in seconds (default ${String(DEFAULT_LEASE_SECONDS)})`,
    optional: true,
    min: MIN_LEASE_SECONDS,
    max: MAX_LEASE_SECONDS,
  })
  readonly lease_seconds?: number;
  @Ipv4Field({ description: 'Where TFTP and HTTP boot are reached', optional: true }) readonly next_server?: Ipv4;
  @ObjectField({ description: 'Relay match', optional: true, of: RelayMatchDto }) readonly relay?: RelayMatchDto;
}

/** `PUT /api/v1/reservations/:idc/:mac`. */
export class PutReservation {
  @Ipv4Field({ description: 'The address; left out: known, but from a pool', optional: true }) readonly ip?: Ipv4;
  @TextField({
    description: 'Host name',
    optional: true,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a host name (RFC 1123)',
  })
  readonly hostname?: string;
  @TextField({
    description: 'Subnet name',
    optional: true,
    maxLength: 64,
    pattern: /^[a-z0-9][a-z0-9._-]*$/,
    shape: 'a subnet name',
  })
  readonly subnet?: string;
  @BooleanField({ description: '`false`: address only, nothing to boot', optional: true })
  readonly allow_netboot?: boolean;
  @TextMapField({ description: 'Boot file by architecture code (option 93)', optional: true, maxItems: 64 })
  readonly boot_files?: Record<string, string>;
}
