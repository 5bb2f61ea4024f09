import { createHash } from 'node:crypto';
import type { Revision } from '@rackwright/contracts';
import { isUnfinished, type Task, type TaskStatus } from '@rackwright/domain-provisioning';
import type { Mac, Sn } from '@rackwright/kernel';
import type { Held } from './held-records.js';
import type { ShelvedText } from './record-kind.js';

/** A task as it lies on the shelf: text, and what it is looked up by. */
interface Shelved {
  readonly json: string;
  readonly modRevision: Revision;
  readonly mac: Mac;
  readonly tokenDigest: string;
  readonly createdAt: string;
  readonly status: TaskStatus;
}

/** Tasks that are kept whole and parsed: those of machines that are booting or reporting now. */
const MAX_WHOLE = 512;

/** A task that is kept as etcd has it, or as much of it as the shelf keeps of all. */
interface Opened {
  readonly task: Task;
  readonly isAbridged: boolean;
}

/**
 * The tasks of the region, compact: ten thousand parsed tasks with their logs would take half a gigabyte. All are kept
 * as text without log tail and earlier progress, which nothing on the boot path needs; the ones in motion also whole.
 */
export class TaskShelf {
  readonly #bySn = new Map<string, Shelved>();
  readonly #snsByMac = new Map<Mac, Set<Sn>>();
  /** By digest, so that the time of a lookup tells nothing about a token. */
  readonly #snByToken = new Map<string, Sn>();
  readonly #opened = new Map<Sn, Opened>();

  get size(): number {
    return this.#bySn.size;
  }

  /** `isAbridged`: the task comes from a snapshot. */
  put(task: Task, modRevision: Revision, isAbridged = false): void {
    this.delete(task.sn);
    const digest = digestOf(task.boot.token);
    this.#bySn.set(task.sn, {
      json: JSON.stringify(abridged(task)),
      modRevision,
      mac: task.mac,
      tokenDigest: digest,
      createdAt: task.created_at,
      status: task.status,
    });
    const sns = this.#snsByMac.get(task.mac);
    if (sns === undefined) this.#snsByMac.set(task.mac, new Set([task.sn]));
    else sns.add(task.sn);
    this.#snByToken.set(digest, task.sn);
    if (isUnfinished(task.status) && !isAbridged) this.#open(task.sn, { task, isAbridged });
  }

  delete(sn: Sn): boolean {
    const shelved = this.#bySn.get(sn);
    if (shelved === undefined) return false;
    this.#bySn.delete(sn);
    this.#opened.delete(sn);
    if (this.#snByToken.get(shelved.tokenDigest) === sn) this.#snByToken.delete(shelved.tokenDigest);
    const sns = this.#snsByMac.get(shelved.mac);
    sns?.delete(sn);
    if (sns?.size === 0) this.#snsByMac.delete(shelved.mac);
    return true;
  }

  get(sn: Sn): (Held<Task> & Pick<Opened, 'isAbridged'>) | undefined {
    const shelved = this.#bySn.get(sn);
    if (shelved === undefined) return undefined;
    const opened = this.#opened.get(sn) ?? this.#open(sn, { task: parse(shelved.json), isAbridged: true });
    return { value: opened.task, isAbridged: opened.isAbridged, modRevision: shelved.modRevision };
  }

  modRevisionOf(sn: Sn): Revision | undefined {
    return this.#bySn.get(sn)?.modRevision;
  }

  /** The machine whose present attempt has this boot token. */
  snOfToken(token: string): Sn | undefined {
    return this.#snByToken.get(digestOf(token));
  }

  /** The machine whose task owns `mac`: an unfinished one before a finished one, a newer before an older. */
  snOfMac(mac: Mac): Sn | undefined {
    let best: { readonly sn: Sn; readonly rank: string } | undefined;
    for (const sn of this.#snsByMac.get(mac) ?? []) {
      const shelved = this.#bySn.get(sn);
      if (shelved === undefined) continue;
      const rank = `${isUnfinished(shelved.status) ? '1' : '0'}${shelved.createdAt}`;
      if (best === undefined || rank > best.rank) best = { sn, rank };
    }
    return best?.sn;
  }

  approvedSns(): readonly Sn[] {
    return Array.from(this.#bySn.entries())
      .filter(([, { status }]) => status === 'approved')
      .map(([sn]) => sn as Sn);
  }

  /** Makes every task older than anything the store may deliver. */
  distrust(): void {
    for (const [sn, shelved] of this.#bySn) this.#bySn.set(sn, { ...shelved, modRevision: 0n });
  }

  /** Tasks as text, by machine. */
  *texts(accepts: (sn: string) => boolean): Generator<ShelvedText> {
    for (const [id, { json, modRevision }] of this.#bySn) if (accepts(id)) yield { id, json, modRevision };
  }

  #open(sn: Sn, opened: Opened): Opened {
    this.#opened.delete(sn);
    this.#opened.set(sn, opened);
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MAX_WHOLE && oldest !== undefined) this.#opened.delete(oldest);
    return opened;
  }
}

/** The last progress entry tells where the task is, and whether a report is a repetition. */
function abridged(task: Task): Task {
  return { ...task, logs: [], progress: task.progress.slice(-1) };
}

function parse(json: string): Task {
  return JSON.parse(json) as Task;
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
