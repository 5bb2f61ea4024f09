import type { Listing, ListOptions, Revision, StoreEntry } from '@rackwright/contracts';
import type { IRangeRequest } from 'etcd3';
import { toEntry, revisionOf } from './entry.js';
import type { EtcdConnection } from './etcd-connection.js';
import { prefixRange, type KeyRange } from './key-range.js';
import { isCompacted } from './store-failure.js';

/** Bounds what one reply holds in memory at once. */
const PAGE_ENTRIES = 200;
/** A compaction between two pages makes the listing start over at a newer revision. */
const MAX_RESTARTS = 5;

/** A listing and the cluster it was read from. */
export interface ClusterListing extends Listing {
  readonly clusterId: string;
}

/** Reads a prefix in pages, all at the revision of the first. */
export async function readListing(
  connection: EtcdConnection,
  prefix: string,
  options: ListOptions & { readonly visit?: PageVisitor } = {},
): Promise<ClusterListing> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await readPages(connection, prefix, options);
    } catch (failure) {
      if (!isCompacted(failure) || restarts === MAX_RESTARTS) throw failure;
    }
  }
}

/** Sees the pages of a listing as they arrive, and gives what is to be kept of each. */
export type PageVisitor = (page: readonly StoreEntry[], revision: Revision) => readonly StoreEntry[];

interface Progress {
  readonly entries: StoreEntry[];
  lastKey: string | undefined;
  read: number;
  revision?: Revision;
  clusterId: string;
  more: boolean;
}

async function readPages(
  connection: EtcdConnection,
  prefix: string,
  options: ListOptions & { readonly visit?: PageVisitor },
): Promise<ClusterListing> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  // etcd takes 0 for "no limit".
  if (limit < 1) throw new RangeError(`a listing needs a limit of at least 1, not ${limit}`);
  const progress: Progress = { entries: [], lastKey: options.after, read: 0, clusterId: '', more: true };
  while (progress.more && progress.read < limit) {
    const pageLimit = Math.min(PAGE_ENTRIES, limit - progress.read);
    const request = pageRequest(prefixRange(prefix, progress.lastKey), pageLimit, options);
    progress.entries.push(...(await readPage(connection, request, { progress, visit: options.visit })));
  }
  const { entries, revision = 0n, clusterId, more } = progress;
  return { entries, revision, clusterId, more };
}

function pageRequest(range: KeyRange, limit: number, options: ListOptions): IRangeRequest {
  return { ...range, limit, keys_only: options.keysOnly ?? false };
}

async function readPage(
  connection: EtcdConnection,
  request: IRangeRequest,
  { progress, visit }: { readonly progress: Progress; readonly visit: PageVisitor | undefined },
): Promise<readonly StoreEntry[]> {
  const at = progress.revision;
  const pinned = at === undefined ? request : { ...request, revision: String(at) };
  const reply = await connection.retrying('etcd.list', (client, options) => client.kv.range(pinned, options));
  const page = reply.kvs.map(toEntry);
  const revision = at ?? revisionOf(reply);
  progress.revision = revision;
  progress.lastKey = page.at(-1)?.key ?? progress.lastKey;
  progress.read += page.length;
  progress.clusterId = reply.header.cluster_id;
  progress.more = reply.more;
  return visit === undefined ? page : visit(page, revision);
}
