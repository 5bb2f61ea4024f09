import {
  keyspace,
  outboxWrites,
  type Comparison,
  type EventEnvelope,
  type Revision,
  type Write,
} from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import type { Task } from '@rackwright/domain-provisioning';
import type { Idc, Instant, Mac, Sn } from '@rackwright/kernel';
import type { FactPlan, RecordReader } from './plan-fact.js';

/** What a source has under a key; the revision is what the transaction will compare. */
export interface Read<V> {
  /** `undefined` for a record that breaks its schema: it may be replaced and cannot be built upon. */
  readonly value: V | undefined;
  readonly modRevision: Revision;
}

/** Where a batch reads from: the view, or etcd itself. */
export interface RecordSource {
  task(sn: Sn): Promise<Read<Task> | undefined>;
  node(mac: Mac): Promise<Read<Node> | undefined>;
  firstSeen(mac: Mac): Promise<Read<Instant> | undefined>;
}

/**
 * The effects of several facts as one transaction. What was read is compared when it is written; a later fact of the
 * batch sees the effects of the earlier ones.
 */
export class FactBatch implements RecordReader {
  readonly #idc: Idc;
  readonly #source: RecordSource;
  readonly #comparisons = new Map<string, Comparison>();
  readonly #read = new Map<string, unknown>();
  readonly #puts = new Map<string, object>();
  readonly #events: EventEnvelope[] = [];

  constructor(idc: Idc, source: RecordSource) {
    this.#idc = idc;
    this.#source = source;
  }

  task(sn: Sn): Promise<Task | undefined> {
    return this.#once(keyspace.task.key({ idc: this.#idc, sn }), () => this.#source.task(sn));
  }

  node(mac: Mac): Promise<Node | undefined> {
    return this.#once(keyspace.node.key({ idc: this.#idc, mac }), () => this.#source.node(mac));
  }

  async firstSeen(mac: Mac): Promise<Instant | undefined> {
    return this.#once(keyspace.unmatched.key({ idc: this.#idc, mac }), () => this.#source.firstSeen(mac));
  }

  add(plan: FactPlan): void {
    for (const { key, value } of plan.puts) {
      this.#puts.set(key, value);
      this.#read.set(key, value);
    }
    this.#events.push(...plan.events);
  }

  get isEmpty(): boolean {
    return this.#puts.size === 0 && this.#events.length === 0;
  }

  get comparisons(): readonly Comparison[] {
    return [...this.#comparisons.values()];
  }

  get writes(): readonly Write[] {
    const puts = Array.from(this.#puts, ([key, value]): Write => ({ kind: 'put', key, value: JSON.stringify(value) }));
    return [...puts, ...outboxWrites(this.#events)];
  }

  /** What will have been written, by key. */
  get puts(): ReadonlyMap<string, object> {
    return this.#puts;
  }

  async #once<V>(key: string, load: () => Promise<Read<V> | undefined>): Promise<V | undefined> {
    if (this.#read.has(key)) return this.#read.get(key) as V | undefined;
    const found = await load();
    this.#comparisons.set(key, found === undefined ? { key, exists: false } : { key, modRevision: found.modRevision });
    this.#read.set(key, found?.value);
    return found?.value;
  }
}
