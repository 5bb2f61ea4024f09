import { OptionCode } from './option-code.js';
import type { OptionMap } from './packet.js';
import { FILE_BYTES, Layout, SNAME_BYTES } from './wire-layout.js';

const MAX_PART_BYTES = 255;
const END_BYTES = 1;
const OVERLOAD_OPTION_BYTES = 3;

/** Kept first when not everything fits: without these a reply is no reply, or a PXE client cannot go on. */
const ESSENTIAL: readonly number[] = [
  OptionCode.DhcpMessageType,
  OptionCode.ServerIdentifier,
  OptionCode.RelayAgentInformation,
  OptionCode.IpAddressLeaseTime,
  OptionCode.ClientIdentifier,
  OptionCode.SubnetMask,
  OptionCode.Router,
  OptionCode.VendorClassIdentifier,
  OptionCode.ClientMachineIdentifier,
  OptionCode.VendorSpecificInformation,
  OptionCode.BootfileName,
  OptionCode.DomainNameServer,
];

/** Which option goes into which field, each list in wire order. */
export interface OptionPlan {
  readonly main: readonly number[];
  readonly file: readonly number[];
  readonly sname: readonly number[];
  readonly dropped: readonly number[];
}

/** Octets an option takes on the wire, split headers included: RFC 3396 section 4. */
function wireSize(valueBytes: number): number {
  return valueBytes + 2 * Math.max(1, Math.ceil(valueBytes / MAX_PART_BYTES));
}

/**
 * Message type first; then what the client asked for in its order (RFC 2132 section 9.8), but 1 before 3 (section 3.3);
 * then the rest ascending; relay agent information last (RFC 3046 section 2.1).
 */
export function wireOrder(codes: Iterable<number>, priority: readonly number[] = []): number[] {
  const left = new Set(codes);
  const ordered: number[] = [];
  const take = (code: number): void => {
    if (left.delete(code)) ordered.push(code);
  };
  const isRelayed = left.delete(OptionCode.RelayAgentInformation);
  take(OptionCode.DhcpMessageType);
  for (const code of priority) {
    if (code === OptionCode.Router) take(OptionCode.SubnetMask);
    take(code);
  }
  for (const code of [...left].sort((one, other) => one - other)) ordered.push(code);
  if (isRelayed) ordered.push(OptionCode.RelayAgentInformation);
  return ordered.filter((code) => code > OptionCode.Pad && code < OptionCode.End);
}

/** Octets the options take together, without the end option. */
export function totalSize(options: OptionMap, codes: readonly number[]): number {
  let size = 0;
  for (const code of codes) size += wireSize(options.get(code)?.length ?? 0);
  return size;
}

/** What bounds a plan that does not fit the options field alone. */
export interface PlanBounds {
  readonly maxSizeBytes: number;
  /** Codes to keep before others of their kind, usually the client's parameter request list. */
  readonly priority: readonly number[];
  readonly isFileFree: boolean;
  readonly isSnameFree: boolean;
}

/** Places options by priority into the options field and the free header fields; an option is whole or dropped. */
export function planOptions(options: OptionMap, codes: readonly number[], bounds: PlanBounds): OptionPlan {
  const canOverload = bounds.isFileFree || bounds.isSnameFree;
  const main = new Area(bounds.maxSizeBytes - Layout.options - END_BYTES - (canOverload ? OVERLOAD_OPTION_BYTES : 0));
  const file = new Area(bounds.isFileFree ? FILE_BYTES - END_BYTES : 0);
  const sname = new Area(bounds.isSnameFree ? SNAME_BYTES - END_BYTES : 0);
  const dropped: number[] = [];
  for (const code of byPriority(codes, bounds.priority)) {
    const size = wireSize(options.get(code)?.length ?? 0);
    const areas = code === OptionCode.RelayAgentInformation ? [main] : [main, file, sname];
    if (!areas.some((area) => area.take(code, size))) dropped.push(code);
  }
  return {
    main: wireOrder(main.codes, bounds.priority),
    file: wireOrder(file.codes, bounds.priority),
    sname: wireOrder(sname.codes, bounds.priority),
    dropped: wireOrder(dropped),
  };
}

function byPriority(codes: readonly number[], priority: readonly number[]): Set<number> {
  const present = new Set(codes);
  const wanted = [...ESSENTIAL, ...priority].filter((code) => present.has(code));
  return new Set([...wanted, ...codes]);
}

class Area {
  readonly codes: number[] = [];
  #freeBytes: number;

  constructor(capacityBytes: number) {
    this.#freeBytes = capacityBytes;
  }

  take(code: number, sizeBytes: number): boolean {
    if (sizeBytes > this.#freeBytes) return false;
    this.#freeBytes -= sizeBytes;
    this.codes.push(code);
    return true;
  }
}
