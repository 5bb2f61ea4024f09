import type { Revision, Store } from '@rackwright/contracts';
import { idempotencyStoreKey, parseRecord, type StoredAnswer } from './idempotency-record.js';

/** A key being processed is free again this long after its process died. No write takes nearly as long. */
const CLAIM_SECONDS = 120;
/** Answers can be replayed for this long. */
const ANSWER_SECONDS = 24 * 3_600;
/** A claim that vanishes between two looks (its lease ran out) is tried again this often. */
const CLAIM_ATTEMPTS = 3;

/** The right to process a request with a key. */
export interface Claim {
  readonly storeKey: string;
  readonly fingerprint: string;
  readonly revision: Revision;
}

/** What a key allows. */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'reused' };

/** Which keys are being processed and which answers they had, kept in the store for all replicas. */
export class IdempotencyLedger {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Claims `key` for one request, or says why not. */
  async claim(key: string, fingerprint: string): Promise<ClaimOutcome> {
    const storeKey = idempotencyStoreKey(key);
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
      const known = await this.#look(storeKey, fingerprint);
      if (known !== undefined) return known;
      const leaseId = await this.#store.grantLease(CLAIM_SECONDS);
      const { committed, revision } = await this.#store.transact(
        [{ key: storeKey, exists: false }],
        [{ kind: 'put', key: storeKey, value: JSON.stringify({ fingerprint }), leaseId }],
      );
      if (committed) return { kind: 'claimed', claim: { storeKey, fingerprint, revision } };
    }
    return { kind: 'in-progress' };
  }

  async #look(storeKey: string, fingerprint: string): Promise<ClaimOutcome | undefined> {
    const entry = await this.#store.get(storeKey);
    const record = entry === undefined ? undefined : parseRecord(entry.value);
    if (record === undefined) return undefined;
    if (record.fingerprint !== fingerprint) return { kind: 'reused' };
    return record.answer === undefined ? { kind: 'in-progress' } : { kind: 'answered', answer: record.answer };
  }

  /** Keeps the answer of a claimed request for replays. */
  async keep(claim: Claim, answer: StoredAnswer): Promise<void> {
    const leaseId = await this.#store.grantLease(ANSWER_SECONDS);
    const value = JSON.stringify({ fingerprint: claim.fingerprint, answer });
    await this.#store.transact(
      [{ key: claim.storeKey, modRevision: claim.revision }],
      [{ kind: 'put', key: claim.storeKey, value, leaseId }],
    );
  }

  /** Frees a key whose request had no lasting outcome. */
  async release(claim: Claim): Promise<void> {
    await this.#store.transact(
      [{ key: claim.storeKey, modRevision: claim.revision }],
      [{ kind: 'delete', key: claim.storeKey }],
    );
  }
}
