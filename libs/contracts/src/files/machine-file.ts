import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import {
  BooleanField,
  IntegerField,
  Ipv4Field,
  ObjectField,
  ParsedField,
  TextField,
  TextListField,
} from '../fields/index.js';
import { MAX_LEASE_SECONDS, MIN_LEASE_SECONDS } from '../http/network.js';
import { HOSTNAME_PATTERN } from '../http/tasks.js';

const ADDRESSES = {
  optional: true,
  maxItems: 8,
  maxLength: 15,
  parse: parseIpv4,
  shape: 'an IPv4 address',
} as const;
const DOMAIN = { optional: true, maxLength: 253, pattern: HOSTNAME_PATTERN } as const;
const MAX_URL_LENGTH = 1_024;
/** iPXE holds a script in memory; longer ones are a file to chain to. */
const MAX_SCRIPT_LENGTH = 65_536;
const FREE_TEXT = { optional: true, minLength: 0 } as const;

/** A URL that iPXE can chain to. */
function parseScriptUrl(text: string): string | undefined {
  return text.length <= MAX_URL_LENGTH && /^(?:https?|tftp):\/\/[!-~]+$/.test(text) && URL.canParse(text)
    ? text
    : undefined;
}

/** A mask whose ones are all in front. */
function parseMask(text: string): Ipv4 | undefined {
  const mask = parseIpv4(text);
  if (mask === undefined) return undefined;
  const bits = mask
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
  return /^1+0*$/.test(bits) ? mask : undefined;
}

/** `netboot` of a {@link MachineFileRecord}. */
export class MachineFileNetboot {
  @BooleanField({ description: 'Whether it may boot from the network (default false)', optional: true })
  readonly allowPxe?: boolean;
  @ParsedField({
    description: 'iPXE script to chain to',
    optional: true,
    kind: 'text',
    parse: parseScriptUrl,
    shape: 'an http, https or tftp URL',
  })
  readonly ipxeScriptUrl?: string;
  @TextField({ description: 'iPXE script', optional: true, multiline: true, maxLength: MAX_SCRIPT_LENGTH })
  readonly ipxeScript?: string;
  @TextField({ description: 'Taken and not used', ...FREE_TEXT }) readonly console?: string;
  @TextField({ description: 'Taken and not used', ...FREE_TEXT }) readonly facility?: string;
}

/** A machine in a machine file, under its MAC: the format of Smee's file backend. */
export class MachineFileRecord {
  @Ipv4Field({ description: 'Its address' }) readonly ipAddress!: Ipv4;
  @ParsedField({
    description: 'Mask of its network',
    kind: 'ipv4',
    parse: parseMask,
    shape: 'a network mask, e.g. 255.255.255.0',
  })
  readonly subnetMask!: Ipv4;
  @Ipv4Field({ description: 'Default gateway', optional: true }) readonly defaultGateway?: Ipv4;
  @TextListField({ description: 'Name servers', ...ADDRESSES }) readonly nameServers?: readonly Ipv4[];
  @TextField({
    description: 'Host name',
    optional: true,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a host name (RFC 1123)',
  })
  readonly hostname?: string;
  @TextField({ description: 'Domain', ...DOMAIN, shape: 'a domain name' }) readonly domainName?: string;
  @Ipv4Field({ description: 'Broadcast address of its network', optional: true }) readonly broadcastAddress?: Ipv4;
  @TextListField({ description: 'Time servers', ...ADDRESSES }) readonly ntpServers?: readonly Ipv4[];
  /** Also as text, which Smee has here. */
  @IntegerField({ description: 'Taken and not used', optional: true, min: 0, max: 4_094, fromQuery: true })
  readonly vlanID?: number;
  @IntegerField({
    description: 'Lease time in seconds (default 86400)',
    optional: true,
    min: MIN_LEASE_SECONDS,
    max: MAX_LEASE_SECONDS,
  })
  readonly leaseTime?: number;
  @TextField({ description: 'Taken and not used', ...FREE_TEXT }) readonly arch?: string;
  @TextListField({ description: 'Search domains', ...DOMAIN, maxItems: 16, shape: 'a domain name' })
  readonly domainSearch?: readonly string[];
  @BooleanField({ description: 'Whether DHCP leaves it alone (default false)', optional: true })
  readonly disabled?: boolean;
  @ObjectField({ description: 'Booting from the network', optional: true, of: MachineFileNetboot })
  readonly netboot?: MachineFileNetboot;
}
