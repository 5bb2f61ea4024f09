import { DEFAULT_LEASE_SECONDS, type MachineFileRecord } from '@rackwright/contracts';
import type { NetworkParameters, OwnBootScript, Reservation, Subnet } from '@rackwright/domain-netboot';
import type { Cidr, Mac } from '@rackwright/kernel';
import type { SiteData } from '../region-view/site-data.port.js';
import { networkOfMachine } from './check-machines.js';
import type { LocatedMachine } from './located-machine.js';

/** Site data without anything in it. */
export const emptySite: SiteData = { subnets: [], reservations: new Map() };

/** The machines of a file as reservations, and their networks as subnets without pools. */
export function siteOfMachines(machines: readonly LocatedMachine[]): SiteData {
  const reservations = new Map<Mac, Reservation>();
  const subnets = new Map<Cidr, Subnet>();
  for (const { mac, record } of machines) {
    if (record.disabled === true) continue;
    const network = parametersOf(record);
    reservations.set(mac, { ...reservationOf(mac, record), network });
    const cidr = networkOfMachine(record);
    if (!subnets.has(cidr)) subnets.set(cidr, subnetOf(cidr, network));
  }
  return { subnets: [...subnets.values()], reservations };
}

function subnetOf(cidr: Cidr, network: NetworkParameters): Subnet {
  return { name: `file-${cidr.replace('/', '-')}`, cidr, pools: [], exclusions: [], routes: [], ...network };
}

function parametersOf(record: MachineFileRecord): NetworkParameters {
  const { defaultGateway, nameServers, ntpServers, domainName, domainSearch, leaseTime } = record;
  return {
    ...(defaultGateway === undefined ? {} : { gateway: defaultGateway }),
    dns: nameServers ?? [],
    ntp: ntpServers ?? [],
    ...(domainName === undefined ? {} : { domain: domainName }),
    search: domainSearch ?? [],
    lease_seconds: leaseTime ?? DEFAULT_LEASE_SECONDS,
  };
}

function reservationOf(mac: Mac, { ipAddress, hostname, netboot }: MachineFileRecord): Reservation {
  const script = scriptOf(netboot);
  return {
    mac,
    ip: ipAddress,
    ...(hostname === undefined ? {} : { hostname }),
    allow_netboot: netboot?.allowPxe === true,
    ...(script === undefined ? {} : { boot_script: script }),
  };
}

/** A URL goes before a text. */
function scriptOf(netboot: MachineFileRecord['netboot']): OwnBootScript | undefined {
  if (netboot?.ipxeScriptUrl !== undefined) return { url: netboot.ipxeScriptUrl };
  return netboot?.ipxeScript === undefined ? undefined : { text: netboot.ipxeScript };
}
