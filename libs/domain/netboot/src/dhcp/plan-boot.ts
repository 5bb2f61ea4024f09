import { formatMac, type Ipv4, type Mac } from '@rackwright/kernel';
import { bootFileTable, RASPBERRY_PI_ARCHITECTURE, RASPBERRY_PI_OUIS, usualCode } from './boot-file-table.js';
import type { BootRefusal, FieldSource, ReplyFields, Sourced } from './dhcp-decision.js';
import type { BootExchange } from './exchange.js';

/** The boot fields of a reply, or why there are none. */
export type BootPlan =
  | { readonly ok: true; readonly fields: ReplyFields }
  | { readonly ok: false; readonly refusal: BootRefusal; readonly missingFile?: string };

const protocol: FieldSource = { kind: 'protocol' };

/**
 * What a client boots: iPXE gets the URL of its script (never the binary again), HTTP boot firmware the absolute URL of
 * the binary, PXE firmware its name and our address.
 */
export function planBoot(exchange: BootExchange): BootPlan {
  const { kind } = exchange.request.client;
  if (kind === 'none') return { ok: false, refusal: 'not-a-boot-client' };
  if (exchange.reservation?.allow_netboot === false) return { ok: false, refusal: 'netboot-disabled' };
  if (kind === 'ipxe') return { ok: true, fields: { ...machineIdField(exchange), ...scriptFields(exchange) } };
  const file = bootFileOf(exchange);
  if ('refusal' in file) return { ok: false, ...file };
  const fields = kind === 'http' ? httpFields(exchange, file) : pxeFields(exchange, file);
  return { ok: true, fields: { ...machineIdField(exchange), ...fields } };
}

function scriptFields(exchange: BootExchange): ReplyFields {
  const script = `${httpBase(exchange)}/boot/${exchange.mac}/boot.ipxe`;
  const traceparent = exchange.view.traceOf(exchange.mac);
  return {
    siaddr: nextServer(exchange),
    bootFile: { value: script, from: { kind: 'region', name: 'script' } },
    ...(traceparent === undefined
      ? {}
      : { traceparent: { value: traceparent, from: { kind: 'region', name: 'trace' } } }),
  };
}

function httpFields(exchange: BootExchange, file: Sourced<string>): ReplyFields {
  return {
    siaddr: nextServer(exchange),
    bootFile: { value: `${httpBase(exchange)}/ipxe/${file.value}`, from: file.from },
    vendorClass: { value: 'HTTPClient', from: protocol },
  };
}

function pxeFields(exchange: BootExchange, file: Sourced<string>): ReplyFields {
  const server = nextServer(exchange);
  return {
    siaddr: server,
    tftpServer: server,
    bootFile: file,
    vendorClass: { value: 'PXEClient', from: protocol },
    pxeVendor: { value: isRaspberryPi(exchange) ? 'raspberry-pi' : 'plain', from: protocol },
  };
}

function machineIdField({ request }: BootExchange): ReplyFields {
  const { uuid } = request.client;
  return uuid === undefined ? {} : { machineId: { value: uuid, from: { kind: 'request' } } };
}

/** Where the client reaches us: the subnet may say. */
export function nextServer({ subnet, view }: BootExchange): Sourced<Ipv4> {
  return subnet?.next_server === undefined
    ? { value: view.boot.nextServer, from: { kind: 'region', name: 'next-server' } }
    : { value: subnet.next_server, from: { kind: 'subnet', name: subnet.name } };
}

/** The region's URL, with the subnet's next-server for a host where it has one. */
function httpBase({ subnet, view }: BootExchange): string {
  const base = view.boot.publicUrl.replace(/\/+$/, '');
  return subnet?.next_server === undefined
    ? base
    : base.replace(/^(https?:\/\/)(?:\[[^\]]*\]|[^/:]*)/, `$1${subnet.next_server}`);
}

function isRaspberryPi({ mac, request }: BootExchange): boolean {
  return (
    RASPBERRY_PI_OUIS.includes(mac.slice(0, 6)) || request.client.architectures.includes(RASPBERRY_PI_ARCHITECTURE)
  );
}

interface NoBootFile {
  readonly refusal: 'arch-unsupported' | 'boot-file-missing';
  readonly missingFile?: string;
}

/** The file of the first architecture in the client's order that has one: the machine's own, the region's, the table's. */
function bootFileOf(exchange: BootExchange): Sourced<string> | NoBootFile {
  const { view, mac, request } = exchange;
  const codes = isRaspberryPi(exchange) ? [RASPBERRY_PI_ARCHITECTURE] : request.client.architectures;
  let missingFile: string | undefined;
  for (const code of codes) {
    const found = fileFor(exchange, String(code));
    if (found === undefined) continue;
    const value = withMac(found.value, mac);
    if (view.hasBootFile(value)) return { value, from: found.from };
    missingFile ??= value;
  }
  return missingFile === undefined ? { refusal: 'arch-unsupported' } : { refusal: 'boot-file-missing', missingFile };
}

function fileFor({ reservation, view, mac }: BootExchange, code: string): Sourced<string> | undefined {
  const own = namedFor(reservation?.boot_files, code);
  if (own !== undefined) return { value: own, from: { kind: 'reservation', name: mac } };
  const regional = namedFor(view.boot.bootFiles, code);
  if (regional !== undefined) return { value: regional, from: { kind: 'region', name: code } };
  const listed = bootFileTable[code];
  return listed === undefined ? undefined : { value: listed, from: { kind: 'table', name: code } };
}

function namedFor(files: Readonly<Record<string, string>> | undefined, code: string): string | undefined {
  return files?.[code] ?? files?.[usualCode[code] ?? code];
}

function withMac(file: string, mac: Mac): string {
  return file.replaceAll('{mac}', formatMac(mac, '-'));
}
