import { decodeRecord, type InvalidDocument, type KeyContract, type Revision } from '@rackwright/contracts';
import type { Result } from '@rackwright/kernel';
import { HeldRecords } from './held-records.js';
import type { ViewChange } from './region-view.port.js';

/** A record by key, as text. */
export interface RecordText {
  readonly key: string;
  readonly json: string;
  readonly modRevision: Revision;
}

/** What the view does with keys of one kind. */
export interface RecordKind {
  readonly kind: ViewChange['kind'];
  /** The identifier of a key of this kind; `undefined` for any other key. */
  idOf(key: string): string | undefined;
  revisionOf(id: string): Revision | undefined;
  /** Takes a value after checking it. */
  put(id: string, json: string, modRevision: Revision): Result<undefined, InvalidDocument>;
  /** Takes a value that was checked before. */
  adopt(id: string, value: object, modRevision: Revision): void;
  /** Takes a value from the snapshot: checked before, and perhaps abridged. */
  restore(id: string, value: object, modRevision: Revision): void;
  /** Whether there was one. */
  delete(id: string): boolean;
  /** Makes every value older than anything the store may deliver. */
  distrust(): void;
  /** The records whose identifiers `accepts` takes, as text. */
  texts(accepts: (id: string) => boolean): Iterable<RecordText>;
}

/** Older than any revision of a store. */
export const BEFORE_ALL: Revision = 0n;

/** A record by its identifier, as text. */
export interface ShelvedText extends Omit<RecordText, 'key'> {
  readonly id: string;
}

/** Where a kind keeps its values. */
export interface RecordShelf<R extends object> {
  revisionOf(id: string): Revision | undefined;
  put(id: string, record: R, modRevision: Revision): void;
  /** Takes a record from the snapshot, if that differs. */
  restore?(id: string, record: R, modRevision: Revision): void;
  delete(id: string): boolean;
  distrust(): void;
  texts(accepts: (id: string) => boolean): Iterable<ShelvedText>;
}

/** Connects a kind of key with the shelf its values are kept on. */
export function recordKind<Part extends string, R extends object>(
  kind: ViewChange['kind'],
  key: { readonly contract: KeyContract<Part, R>; readonly toKey: (id: string) => string; readonly part?: Part },
  shelf: RecordShelf<R>,
): RecordKind {
  const { contract, toKey, part } = key;
  return {
    kind,
    idOf: (text) => {
      const ids = contract.parse(text);
      return ids === undefined ? undefined : part === undefined ? kind : ids[part];
    },
    revisionOf: (id) => shelf.revisionOf(id),
    put: (id, json, modRevision) => {
      const decoded = decodeRecord(contract.schema, json);
      if (!decoded.ok) return decoded;
      shelf.put(id, decoded.value, modRevision);
      return { ok: true, value: undefined };
    },
    adopt: (id, value, modRevision) => {
      shelf.put(id, value as R, modRevision);
    },
    restore: (id, value, modRevision) => {
      if (shelf.restore === undefined) shelf.put(id, value as R, modRevision);
      else shelf.restore(id, value as R, modRevision);
    },
    delete: (id) => shelf.delete(id),
    distrust: () => {
      shelf.distrust();
    },
    *texts(accepts) {
      for (const { id, json, modRevision } of shelf.texts(accepts)) yield { key: toKey(id), json, modRevision };
    },
  };
}

/** A shelf that keeps records as they are. */
export class RecordList<R extends object> implements RecordShelf<R> {
  readonly held = new HeldRecords<R>();

  revisionOf(id: string): Revision | undefined {
    return this.held.get(id)?.modRevision;
  }

  put(id: string, record: R, modRevision: Revision): void {
    this.held.put(id, { value: record, modRevision });
  }

  delete(id: string): boolean {
    return this.held.delete(id);
  }

  distrust(): void {
    for (const [id, { value }] of this.held.entries()) this.held.put(id, { value, modRevision: BEFORE_ALL });
  }

  get(id: string): R | undefined {
    return this.held.get(id)?.value;
  }

  *texts(accepts: (id: string) => boolean): Generator<ShelvedText> {
    for (const [id, { value, modRevision }] of this.held.entries()) {
      if (accepts(id)) yield { id, json: JSON.stringify(value), modRevision };
    }
  }
}
