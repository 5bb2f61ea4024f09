import type { KeyContract, Store } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { ReadRecords } from './read-records.js';
import type { PlannedChange } from './written-change.js';

/** Records to decide on, by kind and identifiers. */
export interface Records {
  get<Parts extends string, V extends object>(
    contract: KeyContract<Parts, V>,
    ids: Readonly<Record<Parts, string>>,
  ): Stored<V> | undefined;
}

/** Where records to decide on come from; only those asked for need to be there. */
export type ReadKeys = (keys: readonly string[]) => Promise<Records>;

/** Reads from the store itself. */
export function fromStore(store: Store): ReadKeys {
  return (keys) => ReadRecords.of(store, keys);
}

/**
 * Plans a change on the view, which is a moment behind at most and costs no round trip: the conditions of the
 * transaction find out if that moment mattered, and then, or to refuse, the plan is made again on the store.
 */
export function viewFirst<T>(
  { view, store }: { readonly view: Pick<StateView, 'live' | 'syncedAtMs'>; readonly store: Store },
  plan: (read: ReadKeys) => Promise<PlannedChange<T>>,
): (attempt: number) => Promise<PlannedChange<T>> {
  return async (attempt) => {
    if (attempt > 0 || view.syncedAtMs === undefined) return plan(fromStore(store));
    try {
      return await plan(() => Promise.resolve(view.live));
    } catch (refusal) {
      if (refusal instanceof ProblemError) return plan(fromStore(store));
      throw refusal;
    }
  };
}
