import type { LeaseLookup } from '@rackwright/domain-netboot';
import { parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import type { BootTraces } from './boot-traces.js';

/** The parts of a TFTP request that name its machine. */
export interface TransferRequest {
  readonly filename: string;
  readonly client: Ipv4;
}

/** `<mac>/ipxe.efi`, `pxelinux.cfg/01-<mac>`, `grub/grub.cfg-01-<mac>`. */
const MAC_IN_NAME = /(?:^\/?|cfg\/01-|grub\.cfg-01-)([0-9A-Fa-f:.-]{12,17})(?=\/|$)/;

/** The trace of the boot that a transfer belongs to: by the MAC in the name, else by the lease of the client. */
export function traceOfTransfer(
  { filename, client }: TransferRequest,
  known: { readonly traces: Pick<BootTraces, 'of'>; readonly leases: Pick<LeaseLookup, 'find'> },
): string | undefined {
  const mac = parseMac(MAC_IN_NAME.exec(filename)?.[1] ?? '') ?? leasedTo(client, known.leases);
  return mac === undefined ? undefined : known.traces.of(mac);
}

function leasedTo(client: Ipv4, leases: Pick<LeaseLookup, 'find'>): Mac | undefined {
  const lease = leases.find(client);
  return lease?.state === 'active' ? lease.mac : undefined;
}
