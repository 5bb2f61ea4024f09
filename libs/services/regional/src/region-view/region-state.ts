import type { Change, IdcSettingsRecord, Revision, ServerRecord, StoreEntry } from '@rackwright/contracts';
import type { Lease, Node, Reservation, Subnet } from '@rackwright/domain-netboot';
import { builtinProfiles, isUnfinished, mergeProfiles, type Profile, type Task } from '@rackwright/domain-provisioning';
import type { Idc, Instant, Logger, Mac, Sn } from '@rackwright/kernel';
import { InvalidRecords } from './invalid-records.js';
import type { Held } from './held-records.js';
import { BEFORE_ALL, type RecordKind, type RecordText } from './record-kind.js';
import { RegionRecords } from './region-records.js';
import type { RegionView, ViewChange } from './region-view.port.js';
import type { SiteData } from './site-data.port.js';
import { siteChanges } from './site-changes.js';
import { profileOf, reservationOf, subnetOf } from './stored-values.js';

interface Located {
  readonly kind: RecordKind;
  readonly id: string;
}

/**
 * The view and its writers' side. What etcd holds comes in by {@link apply}; what this process wrote itself by
 * {@link adopt}, ahead of the watch; what is kept on disk while etcd is away lies over it until it is written.
 */
export class RegionState implements RegionView {
  readonly invalid = new InvalidRecords();
  readonly #records: RegionRecords;
  readonly #logger: Logger;
  readonly #listeners = new Set<(changes: readonly ViewChange[]) => void>();
  readonly #keptTasks = new Map<Sn, Task>();
  readonly #keptNodes = new Map<Mac, Node>();
  #subnets: readonly Subnet[] | undefined;
  #profiles: readonly Profile[] | undefined;
  /** Where subnets and reservations come from, if not from etcd. */
  #site: SiteData | undefined;
  #revision = BEFORE_ALL;
  /** What this process wrote before the first listing had arrived, which may lack it. */
  #ownWrites: Map<string, Revision> | undefined = new Map();

  constructor(idc: Idc, logger: Logger) {
    this.#records = new RegionRecords(idc);
    this.#logger = logger;
  }

  get revision(): Revision {
    return this.#revision;
  }

  set revision(revision: Revision) {
    this.#revision = revision;
  }

  get isConfirmed(): boolean {
    return this.#ownWrites === undefined;
  }

  taskBySn(sn: Sn): Task | undefined {
    return this.#keptTasks.get(sn) ?? this.#records.tasks.get(sn)?.value;
  }

  taskByMac(mac: Mac): Task | undefined {
    const sn = this.#records.tasks.snOfMac(mac);
    return sn === undefined ? undefined : this.taskBySn(sn);
  }

  /** The task whose present attempt has this boot token. */
  taskByToken(token: string): Task | undefined {
    const sn = this.#records.tasks.snOfToken(token);
    return sn === undefined ? undefined : this.taskBySn(sn);
  }

  nodeByMac(mac: Mac): Node | undefined {
    return this.#keptNodes.get(mac) ?? this.#records.nodes.get(mac);
  }

  *nodes(): Generator<Node> {
    for (const [mac, { value }] of this.#records.nodes.held.entries()) yield this.#keptNodes.get(mac as Mac) ?? value;
    for (const node of this.#keptNodes.values()) if (this.#records.nodes.get(node.mac) === undefined) yield node;
  }

  serverBySn(sn: Sn): ServerRecord | undefined {
    return this.#records.servers.get(sn);
  }

  reservationByMac(mac: Mac): Reservation | undefined {
    if (this.#site !== undefined) return this.#site.reservations.get(mac);
    const record = this.#records.reservations.get(mac);
    return record === undefined ? undefined : reservationOf(record);
  }

  *reservations(): Generator<Reservation> {
    if (this.#site !== undefined) {
      yield* this.#site.reservations.values();
      return;
    }
    for (const record of this.#records.reservations.held.values()) yield reservationOf(record);
  }

  subnets(): readonly Subnet[] {
    if (this.#site !== undefined) return this.#site.subnets;
    this.#subnets ??= this.#records.subnets.held.values().map(subnetOf);
    return this.#subnets;
  }

  leases(): readonly Lease[] {
    return this.#records.leases.held.values();
  }

  leaseByIp(ip: string): Lease | undefined {
    return this.#records.leases.get(ip);
  }

  profiles(): readonly Profile[] {
    this.#profiles ??= mergeProfiles(builtinProfiles, this.#records.profiles.held.values().map(profileOf));
    return this.#profiles;
  }

  settings(): IdcSettingsRecord {
    return this.#records.settings.get('settings') ?? {};
  }

  /** When the unmatched machine was seen first. */
  storedFirstSeen(mac: Mac): Held<Instant> | undefined {
    const held = this.#records.unmatched.held.get(mac);
    return held === undefined ? undefined : { value: held.value.first_seen, modRevision: held.modRevision };
  }

  get unmatchedCount(): number {
    return this.#records.unmatched.held.size;
  }

  onChange(listener: (changes: readonly ViewChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Takes subnets and reservations from here and no longer from etcd. */
  useSite(site: SiteData): void {
    const before = this.#site;
    this.#site = site;
    this.#tell(siteChanges(before, site));
  }

  /** Machines whose task is approved, as etcd has it. */
  approvedSns(): readonly Sn[] {
    return this.#records.tasks.approvedSns();
  }

  /** The task as etcd holds it; `isAbridged`: without its log tail and earlier progress. */
  storedTask(sn: Sn): (Held<Task> & { readonly isAbridged: boolean }) | undefined {
    return this.#records.tasks.get(sn);
  }

  /** The node as etcd holds it. */
  storedNode(mac: Mac): Held<Node> | undefined {
    return this.#records.nodes.held.get(mac);
  }

  /** Takes changes of the store. */
  apply(changes: readonly Change[]): void {
    this.#applyOver(changes, (_key, { kind, id }) => kind.revisionOf(id));
  }

  /**
   * Takes what the store held when it was listed first. The snapshot gives way to it whatever the revisions say: they may
   * be those of another etcd, one that was replaced or restored since.
   */
  applyFirst(changes: readonly Change[]): void {
    this.#applyOver(changes, (key) => this.#ownWrites?.get(key));
  }

  /** Everything has been listed once. */
  endFirstListing(): void {
    this.#ownWrites = undefined;
  }

  /** Takes what was read back from the snapshot, which a checksum vouches for. */
  restore(records: Iterable<RecordText>): void {
    for (const { key, json, modRevision } of records) {
      const at = this.#locate(key);
      at?.kind.restore(at.id, JSON.parse(json) as object, modRevision);
    }
    this.#subnets = undefined;
    this.#profiles = undefined;
  }

  /** Takes a value this process wrote: it was checked before. */
  adopt(key: string, value: object, modRevision: Revision): void {
    const at = this.#locate(key);
    if (at === undefined) return;
    const held = at.kind.revisionOf(at.id);
    if (held !== undefined && held > modRevision) return;
    at.kind.adopt(at.id, value, modRevision);
    this.#ownWrites?.set(key, modRevision);
    this.#tell([this.#changed(at)]);
  }

  /** Forgets the revisions of all that is held, so that every record delivered next counts as new. */
  distrust(): void {
    for (const kind of this.#records.kinds) kind.distrust();
  }

  /** Lays a task over the stored one: its reports are on disk and not in etcd yet. */
  keepTask(task: Task): void {
    this.#keptTasks.set(task.sn, task);
    this.#tell([{ kind: 'task', id: task.sn }]);
  }

  keepNode(node: Node): void {
    this.#keptNodes.set(node.mac, node);
    this.#tell([{ kind: 'node', id: node.mac }]);
  }

  /** Everything kept on disk is in etcd. */
  releaseKept(): void {
    this.#keptTasks.clear();
    this.#keptNodes.clear();
  }

  /** The records that belong into a snapshot and that `accepts` takes. */
  *texts(accepts: (change: ViewChange) => boolean = () => true): Generator<RecordText> {
    for (const records of this.#records.kinds) yield* records.texts((id) => accepts({ kind: records.kind, id }));
  }

  /** Changes that are not newer than what is held of their key change nothing. */
  #applyOver(changes: readonly Change[], revisionHeld: (key: string, at: Located) => Revision | undefined): void {
    const seen: ViewChange[] = [];
    for (const change of changes) {
      const key = change.kind === 'put' ? change.entry.key : change.key;
      const at = this.#locate(key);
      if (at === undefined) continue;
      const held = revisionHeld(key, at) ?? BEFORE_ALL;
      const changed = change.kind === 'put' ? this.#put(at, change.entry, held) : this.#delete(at, change, held);
      if (changed !== undefined) seen.push(changed);
    }
    this.#tell(seen);
  }

  #put(at: Located, entry: StoreEntry, held: Revision): ViewChange | undefined {
    if (held >= entry.modRevision) return undefined;
    const put = at.kind.put(at.id, entry.value, entry.modRevision);
    if (!put.ok) {
      this.invalid.add(entry.key, entry.modRevision, put.fault.errors);
      this.#logger.warn({ key: entry.key, errors: put.fault.errors }, 'invalid record; the last good value stays');
      return undefined;
    }
    this.invalid.clear(entry.key);
    return this.#changed(at);
  }

  #delete(at: Located, { key, modRevision }: Change & { kind: 'delete' }, held: Revision): ViewChange | undefined {
    this.invalid.clear(key);
    if (held > modRevision) return undefined;
    return at.kind.delete(at.id) ? this.#changed(at) : undefined;
  }

  #locate(key: string): Located | undefined {
    for (const kind of this.#records.kinds) {
      const id = kind.idOf(key);
      if (id !== undefined) return { kind, id };
    }
    return undefined;
  }

  #changed({ kind, id }: Located): ViewChange {
    if (kind.kind === 'subnet') this.#subnets = undefined;
    if (kind.kind === 'profile') this.#profiles = undefined;
    if (kind.kind === 'task') this.#dropOutdated(id as Sn);
    return { kind: kind.kind, id };
  }

  /** What etcd decided about a task ends what was kept over it. */
  #dropOutdated(sn: Sn): void {
    const kept = this.#keptTasks.get(sn);
    const stored = this.#records.tasks.get(sn)?.value;
    if (kept === undefined) return;
    if (stored?.task_id !== kept.task_id || !isUnfinished(stored.status)) this.#keptTasks.delete(sn);
  }

  #tell(changes: readonly ViewChange[]): void {
    if (changes.length === 0) return;
    for (const listener of this.#listeners) listener(changes);
  }
}

/** Nest token of {@link RegionState}. */
export const REGION_STATE = Symbol('RegionState');
