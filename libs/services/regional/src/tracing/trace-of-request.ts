import { parseMac } from '@rackwright/kernel';
import type { BootTokens } from '../agent-api/boot-tokens.js';
import type { BootTraces } from './boot-traces.js';

/** The parts of a request that name its machine. */
export interface MachineRequest {
  readonly url: string;
  readonly headers: { readonly authorization?: string | undefined };
}

/** A path segment that could be a MAC in one of its spellings. */
const MAC_SEGMENT = /[/]([0-9A-Fa-f:.-]{12,17})(?=[/?]|$)/;

/**
 * The trace of the boot that a machine's request belongs to: by the MAC in its path, else by its boot token. Firmware,
 * installers and agents send no `traceparent` themselves.
 */
export function traceOfRequest(
  { url, headers }: MachineRequest,
  known: { readonly traces: BootTraces; readonly tokens: BootTokens },
): string | undefined {
  const mac = parseMac(MAC_SEGMENT.exec(url)?.[1] ?? '');
  if (mac !== undefined) return known.traces.of(mac);
  const task = known.tokens.find(headers.authorization);
  return task === undefined ? undefined : (known.traces.of(task.mac) ?? task.traceparent);
}
