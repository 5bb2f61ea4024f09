import { instantMs, type EpochMs } from '@rackwright/kernel';
import type { SiteState } from '../state-view/site-state.js';

/**
 * Whether the silence of a region's machines says anything about them: not while the region is offline, nor shortly
 * after it came back, when the reports it kept are still on their way.
 */
export function regionSilence(
  state: SiteState,
  idc: string,
  { now, graceMs }: { readonly now: EpochMs; readonly graceMs: number },
): 'counts' | 'means-nothing' {
  if (!state.isRegionOnline(idc)) return 'means-nothing';
  const presence = state.regionPresences.get({ idc })?.value;
  // Not announced yet: it has been there for less than the announcer's period.
  if (presence?.online !== true) return 'means-nothing';
  return now - instantMs(presence.since) >= graceMs ? 'counts' : 'means-nothing';
}
