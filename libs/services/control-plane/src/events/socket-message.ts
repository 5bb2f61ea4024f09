import { checkDocument, ObjectField, TextListField, type FieldProblem } from '@rackwright/contracts';
import { fail, ok, parseIdc, type Result } from '@rackwright/kernel';
import type { EventFilter } from './event-filter.js';

const TYPE_PATTERN = /^[a-z]+\.(?:[a-z_]+|\*)$/;

/** What a client wants to get from now on. */
class Subscription {
  @TextListField({
    description: 'Only events of these data centres',
    optional: true,
    maxItems: 64,
    maxLength: 32,
    parse: parseIdc,
    shape: 'the name of a data centre',
  })
  readonly idc?: readonly string[];
  @TextListField({
    description: 'Only these types; `task.*` means every type of that family',
    optional: true,
    maxItems: 64,
    maxLength: 64,
    pattern: TYPE_PATTERN,
    shape: 'an event type',
  })
  readonly types?: readonly string[];
}

/** What a client may send over `/ws`. */
class SocketMessage {
  @ObjectField({ description: 'Replaces the subscription so far', of: Subscription })
  readonly subscribe!: Subscription;
}

/** Parses a frame of a client; the fault names what is wrong with it. */
export function parseSocketMessage(frame: string): Result<EventFilter, readonly FieldProblem[]> {
  let document: unknown;
  try {
    document = withListedIdc(JSON.parse(frame));
  } catch {
    return fail([{ pointer: '', detail: 'must be a JSON object' }]);
  }
  const checked = checkDocument(SocketMessage, document);
  if (!checked.ok) return fail(checked.fault.errors);
  const { idc: idcs, types } = checked.value.subscribe;
  return ok({ ...(idcs === undefined ? {} : { idcs }), ...(types === undefined ? {} : { types }) });
}

/** One data centre may be given as it is, without a list around it. */
function withListedIdc(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document;
  const { subscribe } = document as { readonly subscribe?: unknown };
  if (typeof subscribe !== 'object' || subscribe === null) return document;
  const { idc } = subscribe as { readonly idc?: unknown };
  return typeof idc === 'string' ? { ...document, subscribe: { ...subscribe, idc: [idc] } } : document;
}
