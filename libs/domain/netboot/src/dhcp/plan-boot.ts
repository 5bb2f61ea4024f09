import { formatMac, type Mac } from '@rackwright/kernel';
import { bootFileTable, RASPBERRY_PI_ARCHITECTURE, RASPBERRY_PI_OUIS } from './boot-file-table.js';
import type { BootRefusal, FieldSource, ReplyFields, Sourced } from './dhcp-decision.js';
import type { Exchange } from './exchange.js';

/** The boot fields of a reply, or why there are none. */
export type BootPlan =
  { readonly ok: true; readonly fields: ReplyFields } | { readonly ok: false; readonly refusal: BootRefusal };

const protocol: FieldSource = { kind: 'protocol' };

/**
 * What a client boots: iPXE gets the URL of its script (never the binary again), HTTP boot firmware the absolute URL of
 * the binary, PXE firmware its name and our address.
 */
export function planBoot(exchange: Exchange): BootPlan {
  const { kind } = exchange.request.client;
  if (kind === 'none') return { ok: false, refusal: 'not-a-boot-client' };
  if (exchange.reservation?.allow_netboot === false) return { ok: false, refusal: 'netboot-disabled' };
  if (kind === 'ipxe') return { ok: true, fields: { ...machineIdField(exchange), ...scriptFields(exchange) } };
  const file = bootFileOf(exchange);
  if (file === undefined) return { ok: false, refusal: 'arch-unsupported' };
  const fields = kind === 'http' ? httpFields(exchange, file) : pxeFields(exchange, file);
  return { ok: true, fields: { ...machineIdField(exchange), ...fields } };
}

function scriptFields(exchange: Exchange): ReplyFields {
  const script = `${httpBase(exchange)}/boot/${exchange.mac}/boot.ipxe`;
  return { siaddr: nextServer(exchange), bootFile: { value: script, from: { kind: 'region', name: 'script' } } };
}

function httpFields(exchange: Exchange, file: Sourced<string>): ReplyFields {
  return {
    siaddr: nextServer(exchange),
    bootFile: { value: `${httpBase(exchange)}/ipxe/${file.value}`, from: file.from },
    vendorClass: { value: 'HTTPClient', from: protocol },
  };
}

function pxeFields(exchange: Exchange, file: Sourced<string>): ReplyFields {
  return {
    siaddr: nextServer(exchange),
    bootFile: file,
    vendorClass: { value: 'PXEClient', from: protocol },
    pxeVendor: { value: isRaspberryPi(exchange) ? 'raspberry-pi' : 'plain', from: protocol },
  };
}

function machineIdField({ request }: Exchange): ReplyFields {
  const { uuid } = request.client;
  return uuid === undefined ? {} : { machineId: { value: uuid, from: { kind: 'request' } } };
}

function nextServer({ subnet, view }: Exchange): ReplyFields['siaddr'] & object {
  return subnet.next_server === undefined
    ? { value: view.boot.nextServer, from: { kind: 'region', name: 'next-server' } }
    : { value: subnet.next_server, from: { kind: 'subnet', name: subnet.name } };
}

/** The region's URL, with the subnet's next-server for a host where it has one. */
function httpBase({ subnet, view }: Exchange): string {
  const base = view.boot.publicUrl.replace(/\/+$/, '');
  return subnet.next_server === undefined
    ? base
    : base.replace(/^(https?:\/\/)(?:\[[^\]]*\]|[^/:]*)/, `$1${subnet.next_server}`);
}

function isRaspberryPi({ mac, request }: Exchange): boolean {
  return (
    RASPBERRY_PI_OUIS.includes(mac.slice(0, 6)) || request.client.architectures.includes(RASPBERRY_PI_ARCHITECTURE)
  );
}

/** The file of the first architecture in the client's order that has one: the machine's own, the region's, the table's. */
function bootFileOf(exchange: Exchange): Sourced<string> | undefined {
  const codes = isRaspberryPi(exchange) ? [RASPBERRY_PI_ARCHITECTURE] : exchange.request.client.architectures;
  for (const code of codes) {
    const found = fileFor(exchange, String(code));
    if (found !== undefined) return { ...found, value: withMac(found.value, exchange.mac) };
  }
  return undefined;
}

function fileFor({ reservation, view, mac }: Exchange, code: string): Sourced<string> | undefined {
  const own = reservation?.boot_files?.[code];
  if (own !== undefined) return { value: own, from: { kind: 'reservation', name: mac } };
  const regional = view.boot.bootFiles[code];
  if (regional !== undefined) return { value: regional, from: { kind: 'region', name: code } };
  const listed = bootFileTable[code];
  return listed === undefined ? undefined : { value: listed, from: { kind: 'table', name: code } };
}

function withMac(file: string, mac: Mac): string {
  return file.replaceAll('{mac}', formatMac(mac, '-'));
}
