import type { EventEnvelope, LogLine } from '@rackwright/contracts';

const decoder = new TextDecoder();

/** Reads an event off the stream; `undefined` when something else was published there. */
export function parseEvent(octets: Uint8Array): EventEnvelope | undefined {
  const value = parseRecord(octets);
  const isEvent = hasStrings(value, ['id', 'type', 'idc', 'subject', 'at']) && isRecord(value['data']);
  return isEvent ? (value as unknown as EventEnvelope) : undefined;
}

/** Reads a log line off the stream; `undefined` when something else was published there. */
export function parseLogLine(octets: Uint8Array): LogLine | undefined {
  const value = parseRecord(octets);
  return hasStrings(value, ['idc', 'sn', 'task_id', 'at', 'text', 'id']) ? (value as unknown as LogLine) : undefined;
}

function parseRecord(octets: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decoder.decode(octets));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasStrings(value: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}
