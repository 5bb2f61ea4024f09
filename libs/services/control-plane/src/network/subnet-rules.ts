import {
  broadcastOf,
  cidrContains,
  ipv4ToNumber,
  networkOf,
  prefixLengthOf,
  type Cidr,
  type Ipv4,
} from '@rackwright/kernel';
import type { FieldProblem, PutReservation, PutSubnet, SubnetRecord } from '@rackwright/contracts';

interface Range {
  readonly start: Ipv4;
  readonly end: Ipv4;
}

/** In networks this long there is no broadcast address, RFC 3021. */
const POINT_TO_POINT_PREFIX = 31;

function isBackward({ start, end }: Range): boolean {
  return ipv4ToNumber(start) > ipv4ToNumber(end);
}

function overlaps(left: Range, right: Range): boolean {
  return ipv4ToNumber(left.start) <= ipv4ToNumber(right.end) && ipv4ToNumber(right.start) <= ipv4ToNumber(left.end);
}

function rangeProblems(name: 'pools' | 'exclusions', ranges: readonly Range[], cidr: Cidr): FieldProblem[] {
  return ranges.flatMap((range, index) => {
    const pointer = `/${name}/${String(index)}`;
    const outside = (['start', 'end'] as const).filter((side) => !cidrContains(cidr, range[side]));
    const problems = outside.map((side) => ({
      pointer: `${pointer}/${side}`,
      detail: `${name}.${String(index)}.${side} ${range[side]} is outside ${cidr}`,
    }));
    if (isBackward(range)) {
      const detail = `${name}.${String(index)} starts at ${range.start}, after its end ${range.end}`;
      problems.push({ pointer: `${pointer}/start`, detail });
    }
    return problems;
  });
}

function poolOverlaps(pools: readonly Range[]): FieldProblem[] {
  return pools.flatMap((pool, index) => {
    const earlier = pools.slice(0, index).findIndex((other) => overlaps(pool, other));
    if (earlier === -1) return [];
    const detail = `pools.${String(index)} overlaps pools.${String(earlier)}`;
    return [{ pointer: `/pools/${String(index)}`, detail }];
  });
}

/** Whether the address is the network's own or its broadcast address, which no machine may have. */
function isReservedAddress(cidr: Cidr, ip: Ipv4): boolean {
  if (prefixLengthOf(cidr) >= POINT_TO_POINT_PREFIX) return false;
  return ip === networkOf(cidr) || ip === broadcastOf(cidr);
}

/** What is wrong with a subnet by itself. */
export function subnetProblems(body: PutSubnet): readonly FieldProblem[] {
  const { cidr, pools = [], exclusions = [], gateway } = body;
  const problems = [
    ...rangeProblems('pools', pools, cidr),
    ...rangeProblems('exclusions', exclusions, cidr),
    ...poolOverlaps(pools),
  ];
  if (gateway !== undefined && !cidrContains(cidr, gateway)) {
    problems.push({ pointer: '/gateway', detail: `gateway ${gateway} is outside ${cidr}` });
  } else if (gateway !== undefined && isReservedAddress(cidr, gateway)) {
    problems.push({ pointer: '/gateway', detail: `gateway ${gateway} is the network or broadcast address of ${cidr}` });
  }
  return problems;
}

/** Whether two networks share an address. */
export function networksOverlap(left: Cidr, right: Cidr): boolean {
  return cidrContains(left, networkOf(right)) || cidrContains(right, networkOf(left));
}

/** What is wrong with a reservation in the light of its subnet. */
export function reservationProblems(body: PutReservation, subnet: SubnetRecord | undefined): readonly FieldProblem[] {
  const { ip } = body;
  if (body.subnet !== undefined && subnet === undefined) {
    return [{ pointer: '/subnet', detail: `subnet ${body.subnet} does not exist` }];
  }
  if (ip === undefined || subnet === undefined) return [];
  const { name, cidr, gateway } = subnet;
  if (!cidrContains(cidr, ip)) return [{ pointer: '/ip', detail: `ip ${ip} is outside subnet ${name}, ${cidr}` }];
  if (isReservedAddress(cidr, ip)) {
    return [{ pointer: '/ip', detail: `ip ${ip} is the network or broadcast address of subnet ${name}` }];
  }
  return ip === gateway ? [{ pointer: '/ip', detail: `ip ${ip} is the gateway of subnet ${name}` }] : [];
}
