import type { Idc } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { SiteState } from '../state-view/site-state.js';

/** The region meant by a request that names none. Throws 400 unless exactly one is online. */
export function onlyRegion(state: SiteState): Idc {
  const [only, ...others] = state.regionHeartbeats.list().map((stored) => state.regionHeartbeats.idsOf(stored).idc);
  if (only !== undefined && others.length === 0) return only as Idc;
  const found = only === undefined ? 'none is online' : `online are ${[only, ...others].sort().join(', ')}`;
  const detail = `idc may be left out only where exactly one region is online; ${found}`;
  throw new ProblemError('invalid-request', `Invalid body: ${detail}`, { errors: [{ pointer: '/idc', detail }] });
}
