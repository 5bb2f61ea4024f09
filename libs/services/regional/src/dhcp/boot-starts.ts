import type { EventEnvelope } from '@rackwright/contracts';
import type { DhcpRequest } from '@rackwright/domain-netboot';
import { formatInstant, formatMac, randomHex, type Clock, type Idc, type Mac, type Random } from '@rackwright/kernel';
import { currentTraceparent, withSpan } from '@rackwright/platform';
import type { BootTraces } from '../tracing/boot-traces.js';

/** Firmware asks anew within this time, for another protocol or card function; a later DISCOVER is a new boot. */
const FIRMWARE_REPEAT_MS = 20_000;
/** It repeats a DISCOVER as it was after 4, 8, 16 and 32 seconds: RFC 2131 section 4.1. */
const SAME_MESSAGE_REPEAT_MS = 64_000;
/** From the DISCOVER of the firmware to that of iPXE; an iPXE DISCOVER without one before it is itself the start. */
const STAGE_GAP_MS = 120_000;
const MAX_BOOTS = 4_096;

interface Seen {
  readonly startedMs: number;
  readonly stage: 'firmware' | 'ipxe';
  readonly xid: number | undefined;
}

/** How long after the first DISCOVER of a boot one of `stage` belongs to the same boot. */
function gapAfter(last: Seen, { stage, xid }: Omit<Seen, 'startedMs'>): number {
  if (stage === 'ipxe' && last.stage === 'firmware') return STAGE_GAP_MS;
  return xid !== undefined && xid === last.xid ? SAME_MESSAGE_REPEAT_MS : FIRMWARE_REPEAT_MS;
}

/** Finds the first DISCOVER of each boot and starts its trace there. */
export class BootStarts {
  readonly #parts: { readonly clock: Clock; readonly random: Random; readonly traces: BootTraces };
  readonly #seen = new Map<Mac, Seen>();

  constructor(parts: { readonly clock: Clock; readonly random: Random; readonly traces: BootTraces }) {
    this.#parts = parts;
  }

  /** Takes note of a DISCOVER; resolves with the trace when it starts a boot. */
  async note(mac: Mac, { client, xid }: DhcpRequest): Promise<string | undefined> {
    const stage = client.kind === 'ipxe' ? 'ipxe' : 'firmware';
    if (client.kind === 'none' || !this.#starts(mac, { stage, xid })) return undefined;
    const attributes = { 'rw.mac': formatMac(mac), 'rw.client': client.kind };
    const traceparent = await withSpan('boot.discover', attributes, async () => currentTraceparent());
    const begun = traceparent ?? `00-${randomHex(this.#parts.random, 16)}-${randomHex(this.#parts.random, 8)}-01`;
    this.#parts.traces.begin(mac, begun);
    return begun;
  }

  #starts(mac: Mac, message: Omit<Seen, 'startedMs'>): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    const last = this.#seen.get(mac);
    if (last !== undefined && nowMs - last.startedMs < gapAfter(last, message)) return false;
    this.#seen.delete(mac);
    this.#seen.set(mac, { startedMs: nowMs, ...message });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_BOOTS && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }
}

/** An event of the boot path. The trace tells the boots of one machine apart. */
export function bootEvent(
  type: 'boot.requested' | 'boot.refused',
  about: { readonly idc: Idc; readonly mac: Mac; readonly traceparent: string; readonly clock: Clock },
  data: Readonly<Record<string, unknown>>,
): EventEnvelope {
  const { idc, mac, traceparent, clock } = about;
  return {
    id: `${type.replace('.', '-')}-${mac}-${traceparent.slice(3, 35)}`,
    type,
    idc,
    subject: `node/${mac}`,
    at: formatInstant(clock.now()),
    data: { mac: formatMac(mac), ...data },
    traceparent,
  };
}
