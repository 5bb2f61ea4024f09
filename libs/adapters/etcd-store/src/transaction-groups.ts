import { MAX_TRANSACTION_OPS, type Comparison, type TransactionOutcome, type Write } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';

/** A transaction as a caller asked for it. */
export interface Transaction {
  readonly comparisons: readonly Comparison[];
  readonly writes: readonly Write[];
}

/** Makes one transaction in etcd. */
export type Send = (transaction: Transaction) => Promise<TransactionOutcome>;

interface Waiting extends Transaction {
  readonly chars: number;
  readonly settle: (outcome: Promise<TransactionOutcome>) => void;
}

/** etcd takes requests of 1.5 MiB; a group stays far below whatever its values are escaped or encoded to. */
const MAX_GROUP_CHARS = 256 * 1_024;

/**
 * Group commit: while transactions are on their way, those asked for next wait for each other and go together. A lone
 * caller waits for nobody; under load a round trip, a log entry and an fsync of etcd serve many callers.
 *
 * Members of a group share no key that one of them writes, so a group that is committed is the same as its members one
 * after the other. A group that is not committed has changed nothing: its members then go alone and learn each for
 * itself, so that nobody fails for a neighbour.
 */
export class TransactionGroups {
  readonly #send: Send;
  #waiting: Waiting[] = [];
  #isSending = false;

  constructor(send: Send) {
    this.#send = send;
  }

  submit(transaction: Transaction): Promise<TransactionOutcome> {
    if (!canShare(transaction)) return this.#send(transaction);
    return new Promise((resolve) => {
      this.#waiting.push({ ...transaction, chars: charsOf(transaction), settle: resolve });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const groups = groupsOf(this.#waiting);
      this.#waiting = [];
      await Promise.all(groups.map((group) => this.#sendGroup(group)));
    }
    this.#isSending = false;
  }

  /** Never rejects: every member is told. */
  async #sendGroup(members: readonly Waiting[]): Promise<void> {
    const outcome = this.#send({
      comparisons: members.flatMap(({ comparisons }) => comparisons),
      writes: members.flatMap(({ writes }) => writes),
    });
    const mustGoAlone = members.length > 1 && (await changedNothing(outcome));
    for (const member of members) member.settle(mustGoAlone ? this.#send(member) : outcome);
    await outcome.catch(() => undefined);
  }
}

/** A refusal is certain; a store that did not answer may have done it all. */
async function changedNothing(outcome: Promise<TransactionOutcome>): Promise<boolean> {
  try {
    const { committed } = await outcome;
    return !committed;
  } catch (failure) {
    return failure instanceof OperationalError && !failure.retryable;
  }
}

/** Ranges cannot be told apart from keys, and the lease of one caller must not fail another. */
function canShare({ writes }: Transaction): boolean {
  return writes.length > 0 && writes.every((write) => write.kind !== 'delete-prefix' && !hasLease(write));
}

function hasLease(write: Write): boolean {
  return write.kind === 'put' && write.leaseId !== undefined;
}

function charsOf({ writes }: Transaction): number {
  return writes.reduce((sum, write) => sum + (write.kind === 'put' ? write.key.length + write.value.length : 0), 0);
}

function groupsOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const groups: Group[] = [];
  for (const one of waiting) {
    if (groups.some((group) => group.takes(one))) continue;
    const group = new Group();
    group.add(one);
    groups.push(group);
  }
  return groups.map(({ members }) => members);
}

class Group {
  readonly members: Waiting[] = [];
  readonly #compared = new Set<string>();
  readonly #written = new Set<string>();
  #comparisons = 0;
  #chars = 0;

  /** Adds a transaction that fits. */
  takes(one: Waiting): boolean {
    if (!this.#hasRoomFor(one) || this.#touches(one)) return false;
    this.add(one);
    return true;
  }

  add(one: Waiting): void {
    this.members.push(one);
    this.#comparisons += one.comparisons.length;
    this.#chars += one.chars;
    for (const { key } of one.comparisons) this.#compared.add(key);
    for (const key of keysOf(one)) this.#written.add(key);
  }

  #hasRoomFor({ comparisons, writes, chars }: Waiting): boolean {
    return (
      this.#comparisons + comparisons.length <= MAX_TRANSACTION_OPS &&
      this.#written.size + writes.length <= MAX_TRANSACTION_OPS &&
      this.#chars + chars <= MAX_GROUP_CHARS
    );
  }

  #touches(one: Waiting): boolean {
    return (
      one.comparisons.some(({ key }) => this.#written.has(key)) ||
      keysOf(one).some((key) => this.#written.has(key) || this.#compared.has(key))
    );
  }
}

function keysOf({ writes }: Transaction): readonly string[] {
  return writes.map((write) => (write.kind === 'delete-prefix' ? write.prefix : write.key));
}
