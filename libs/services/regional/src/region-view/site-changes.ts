import { isDeepStrictEqual } from 'node:util';
import type { ViewChange } from './region-view.port.js';
import type { SiteData } from './site-data.port.js';

/** What is different in site data that replace others. */
export function siteChanges(before: SiteData | undefined, after: SiteData): readonly ViewChange[] {
  const subnets = differing(byName(before), byName(after));
  const macs = differing(before?.reservations ?? new Map<string, unknown>(), after.reservations);
  return [
    ...subnets.map((id) => ({ kind: 'subnet', id }) as const),
    ...macs.map((id) => ({ kind: 'reservation', id }) as const),
  ];
}

function byName(site: SiteData | undefined): ReadonlyMap<string, unknown> {
  return new Map(site?.subnets.map((subnet) => [subnet.name, subnet]));
}

/** The keys under which not the same thing lies. */
function differing(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly string[] {
  const gone = [...before.keys()].filter((key) => !after.has(key));
  const changed = [...after].filter(([key, value]) => !isDeepStrictEqual(before.get(key), value));
  return [...gone, ...changed.map(([key]) => key)];
}
