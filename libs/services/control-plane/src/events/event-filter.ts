import type { EventEnvelope } from '@rackwright/contracts';

/** Which events a reader wants; an absent part wants all. */
export interface EventFilter {
  readonly idcs?: readonly string[];
  /** Types, or families such as `task.*`. */
  readonly types?: readonly string[];
}

function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

/** Whether a reader with this filter wants the event. */
export function isWanted(event: EventEnvelope, { idcs, types }: EventFilter): boolean {
  if (idcs !== undefined && !idcs.includes(event.idc)) return false;
  return types === undefined || types.some((wanted) => isOfType(event.type, wanted));
}
