import { parse } from 'yaml';
import { cidrContains, parseCidr, parseIpv4, parseMac, type Cidr, type Ipv4, type Mac } from '@rackwright/kernel';

/** What the runner has to know of the server it plays against. */
export interface SiteDescription {
  /** What the server calls itself (option 54). */
  readonly server: Ipv4;
  /** Where the runner receives as a relay: an address of this machine, on the subnet. */
  readonly relay: { readonly address: Ipv4; readonly port: number };
  readonly subnet: Cidr;
  readonly pool: { readonly start: Ipv4; readonly end: Ipv4 };
  /** An address on no subnet of the server. */
  readonly foreign: Ipv4;
  /** A machine with a fixed address. For the statements about direct clients the address is this machine's as well. */
  readonly reservation?: { readonly mac: Mac; readonly ip: Ipv4 };
  /** The runner shares a segment with the server and owns the reserved address. */
  readonly direct: boolean;
  /** Another subnet with a pool, named by an address in it. */
  readonly second?: { readonly link: Ipv4; readonly subnet: Cidr };
  /** The server gives boot files to PXE clients of architecture 7, and iPXE something else. */
  readonly boots: boolean;
  /** The server gives URLs to firmware that boots over HTTP. */
  readonly boots_http: boolean;
  /** A machine with a boot file of more than 127 characters. */
  readonly long_boot_file?: { readonly mac: Mac; readonly file: string };
  /** Static routes (121) and search domains (119) are configured. */
  readonly routes: boolean;
  readonly search: boolean;
  /** How long silence is waited for. */
  readonly wait_ms: number;
}

/** A mistake in a description. */
export class SiteMistake extends Error {
  override readonly name = 'SiteMistake';
}

const DEFAULT_WAIT_MS = 1_000;
/** TEST-NET-3: RFC 5737. */
const DEFAULT_FOREIGN = '203.0.113.7';
const SERVER_PORT = 67;

type Fields = Readonly<Record<string, unknown>>;

/** Of the description and of its parts. */
const NAMES = {
  description: [
    ...['server', 'relay', 'subnet', 'pool', 'foreign', 'reservation', 'direct', 'second', 'boots', 'boots_http'],
    ...['long_boot_file', 'routes', 'search', 'wait_ms'],
  ],
  relay: ['address', 'port'],
  pool: ['start', 'end'],
  reservation: ['mac', 'ip'],
  second: ['link', 'subnet'],
  long_boot_file: ['mac', 'file'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Reads a description in YAML or JSON; `target` is the host that is played against. */
export function parseSite(text: string, target: string): SiteDescription {
  const document: unknown = parse(text);
  const fields = fieldsOf(document, 'description');
  const relay = fieldsOf(fields['relay'], 'relay');
  const pool = fieldsOf(fields['pool'], 'pool');
  const site = {
    server: ip(fields['server'] ?? target, 'server'),
    relay: { address: ip(relay['address'], 'relay.address'), port: number(relay['port'] ?? SERVER_PORT, 'relay.port') },
    subnet: cidr(fields['subnet'], 'subnet'),
    pool: { start: ip(pool['start'], 'pool.start'), end: ip(pool['end'], 'pool.end') },
    foreign: ip(fields['foreign'] ?? DEFAULT_FOREIGN, 'foreign'),
    direct: flag(fields['direct'], 'direct'),
    boots: flag(fields['boots'], 'boots'),
    boots_http: flag(fields['boots_http'], 'boots_http'),
    routes: flag(fields['routes'], 'routes'),
    search: flag(fields['search'], 'search'),
    wait_ms: number(fields['wait_ms'] ?? DEFAULT_WAIT_MS, 'wait_ms'),
    ...optionalParts(fields),
  };
  if (!cidrContains(site.subnet, site.relay.address)) throw new SiteMistake('relay.address must be on the subnet');
  return site;
}

function optionalParts(fields: Fields): Pick<SiteDescription, 'reservation' | 'second' | 'long_boot_file'> {
  const reservation = fields['reservation'] === undefined ? undefined : fieldsOf(fields['reservation'], 'reservation');
  const second = fields['second'] === undefined ? undefined : fieldsOf(fields['second'], 'second');
  const long =
    fields['long_boot_file'] === undefined ? undefined : fieldsOf(fields['long_boot_file'], 'long_boot_file');
  return {
    ...(reservation && {
      reservation: { mac: mac(reservation['mac'], 'reservation.mac'), ip: ip(reservation['ip'], 'reservation.ip') },
    }),
    ...(second && {
      second: { link: ip(second['link'], 'second.link'), subnet: cidr(second['subnet'], 'second.subnet') },
    }),
    ...(long && { long_boot_file: { mac: mac(long['mac'], 'long_boot_file.mac'), file: fileName(long['file']) } }),
  };
}

function fieldsOf(value: unknown, what: keyof typeof NAMES): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SiteMistake(`${what} must be given`);
  const known: readonly string[] = NAMES[what];
  const strange = Object.keys(value).filter((name) => !known.includes(name));
  if (strange.length > 0) throw new SiteMistake(`${strange.join(', ')} is no field of ${what}: ${known.join(', ')}`);
  return value as Fields;
}

function flag(value: unknown, what: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new SiteMistake(`${what} must be true or false`);
  return value === true;
}

function fileName(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SiteMistake('long_boot_file.file must be a file name');
}

function parsed<T>(value: unknown, parseText: (text: string) => T | undefined, what: string): T {
  const result = typeof value === 'string' ? parseText(value) : undefined;
  if (result === undefined)
    throw new SiteMistake(`${what} is missing or wrong: ${value === undefined ? 'nothing' : JSON.stringify(value)}`);
  return result;
}

const ip = (value: unknown, what: string): Ipv4 => parsed(value, parseIpv4, what);
const cidr = (value: unknown, what: string): Cidr => parsed(value, parseCidr, what);
const mac = (value: unknown, what: string): Mac => parsed(value, parseMac, what);

function number(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new SiteMistake(`${what} must be a whole number above 0`);
}
