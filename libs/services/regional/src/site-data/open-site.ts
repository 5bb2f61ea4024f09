import type { RegionState } from '../region-view/region-state.js';
import type { RegionalParts } from '../regional-parts.js';
import { SiteFile } from './site-file.js';
import { emptySite } from './site-of-machines.js';

/** Connects the view with where its subnets and reservations come from; etcd needs nothing. */
export async function openSite(parts: RegionalParts, state: RegionState): Promise<SiteFile | undefined> {
  const { config, files, siteCopy, logger } = parts;
  if (config.siteBackend === 'none') state.useSite(emptySite);
  if (config.siteBackend !== 'file' || config.siteFile === undefined) return undefined;
  const own = { path: config.siteFile, files, copy: siteCopy, state };
  return SiteFile.open({ ...parts, ...own, logger: logger.child({ part: 'site-file' }) });
}
