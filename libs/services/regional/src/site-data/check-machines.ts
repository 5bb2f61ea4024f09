import {
  broadcastOf,
  formatMac,
  ipv4FromNumber,
  ipv4ToNumber,
  parseCidr,
  type Cidr,
  type Ipv4,
} from '@rackwright/kernel';
import type { FileMistake } from './file-mistake.js';
import type { LocatedMachine } from './located-machine.js';

/** From here on a network has no address of its own and none for broadcasts: RFC 3021. */
const POINT_TO_POINT_PREFIX = 31;
const ALL_ONES = 0xffffffff;

/** The network a machine of a file is on. */
export function networkOfMachine({ ipAddress, subnetMask }: LocatedMachine['record']): Cidr {
  const network = ipv4FromNumber((ipv4ToNumber(ipAddress) & ipv4ToNumber(subnetMask)) >>> 0);
  const cidr = parseCidr(`${network}/${String(prefixLengthOfMask(subnetMask))}`);
  if (cidr === undefined) throw new RangeError(`no network of ${ipAddress} and ${subnetMask}`);
  return cidr;
}

function prefixLengthOfMask(mask: Ipv4): number {
  return Math.clz32(~ipv4ToNumber(mask));
}

/** What is wrong with machines that are each right by themselves. */
export function checkMachines(machines: readonly LocatedMachine[]): readonly FileMistake[] {
  return [
    ...machines.flatMap((machine) => [...checkAddress(machine), ...checkBroadcast(machine)]),
    ...findTwins(machines),
    ...findOverlaps(machines),
  ];
}

function checkAddress({ key, record, at }: LocatedMachine): readonly FileMistake[] {
  if (prefixLengthOfMask(record.subnetMask) >= POINT_TO_POINT_PREFIX) return [];
  const hosts = ~ipv4ToNumber(record.subnetMask) >>> 0;
  const host = (ipv4ToNumber(record.ipAddress) & hosts) >>> 0;
  if (host !== 0 && host !== hosts) return [];
  const what = host === 0 ? 'the address of the network itself' : 'the broadcast address of the network';
  return [{ ...at.ipAddress, pointer: `/${key}/ipAddress`, detail: `is ${what}, not one for a machine` }];
}

function checkBroadcast({ key, record, at }: LocatedMachine): readonly FileMistake[] {
  if (record.broadcastAddress === undefined) return [];
  const broadcast = broadcastOf(networkOfMachine(record));
  if (record.broadcastAddress === broadcast) return [];
  const detail = `must be ${broadcast}, which ipAddress and subnetMask make it`;
  return [{ ...at.broadcastAddress, pointer: `/${key}/broadcastAddress`, detail }];
}

/** One MAC in two spellings, or one address for two machines. */
function findTwins(machines: readonly LocatedMachine[]): readonly FileMistake[] {
  const mistakes: FileMistake[] = [];
  const byMac = new Map<string, LocatedMachine>();
  const byAddress = new Map<Ipv4, LocatedMachine>();
  for (const machine of machines) {
    const { mac, key, record, at } = machine;
    const same = byMac.get(mac);
    const detail = (other: LocatedMachine): string => `already stands in line ${String(other.at.key.line)}`;
    if (same !== undefined) {
      mistakes.push({ ...at.key, pointer: `/${key}`, detail: `${formatMac(mac)} ${detail(same)}` });
      continue;
    }
    byMac.set(mac, machine);
    const holder = byAddress.get(record.ipAddress);
    if (holder === undefined) byAddress.set(record.ipAddress, machine);
    else mistakes.push({ ...at.ipAddress, pointer: `/${key}/ipAddress`, detail: `belongs to ${holder.key}` });
  }
  return mistakes;
}

/** Networks that overlap without being the same: one of the masks is wrong, and DHCP could not tell them apart. */
function findOverlaps(machines: readonly LocatedMachine[]): readonly FileMistake[] {
  const firsts = new Map<Cidr, LocatedMachine>();
  for (const machine of machines) {
    const network = networkOfMachine(machine.record);
    if (!firsts.has(network)) firsts.set(network, machine);
  }
  const spans = Array.from(firsts.values(), spanOf).sort((a, b) => a.start - b.start || b.end - a.end);
  const mistakes: FileMistake[] = [];
  let widest = spans[0];
  for (const span of spans.slice(1)) {
    if (widest !== undefined && span.start <= widest.end) mistakes.push(overlapOf(span.machine, widest.machine));
    else widest = span;
  }
  return mistakes;
}

interface Span {
  readonly machine: LocatedMachine;
  readonly start: number;
  readonly end: number;
}

function spanOf(machine: LocatedMachine): Span {
  const mask = ipv4ToNumber(machine.record.subnetMask);
  const start = (ipv4ToNumber(machine.record.ipAddress) & mask) >>> 0;
  return { machine, start, end: start + ((mask ^ ALL_ONES) >>> 0) };
}

function overlapOf(one: LocatedMachine, other: LocatedMachine): FileMistake {
  const [inner, outer] = [networkOfMachine(one.record), networkOfMachine(other.record)];
  return {
    ...one.at.subnetMask,
    pointer: `/${one.key}/subnetMask`,
    detail: `makes the network ${inner}, which overlaps ${outer} of ${other.key}`,
  };
}
