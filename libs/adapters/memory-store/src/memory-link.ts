import { OperationalError, type Cancel } from '@rackwright/kernel';

/** The way of one memory store to its keyspace, which a test may cut. */
export class MemoryLink {
  readonly #listeners = new Set<() => void>();
  #isCut = false;
  #losesReply = false;

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#set(true);
  }

  heal(): void {
    this.#set(false);
  }

  /** Makes the next call take effect and fail all the same, as when the link breaks before the reply. */
  loseNextReply(): void {
    this.#losesReply = true;
  }

  /** Calls `listener` whenever the link is cut or healed; returns what ends it. */
  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Runs `call` at the other end. Rejects with `store-unavailable` while the link is cut. */
  async carry<T>(call: () => T): Promise<T> {
    await Promise.resolve();
    if (this.#isCut) throw unavailable();
    const reply = call();
    if (this.#losesReply) {
      this.#losesReply = false;
      throw unavailable();
    }
    return reply;
  }

  #set(isCut: boolean): void {
    this.#isCut = isCut;
    for (const listener of this.#listeners) listener();
  }
}

/** The failure of a call on a disposed store. */
export function storeClosed(): OperationalError {
  return new OperationalError('the store has been disposed', { code: 'store-closed', retryable: false });
}

function unavailable(): OperationalError {
  return new OperationalError('the link is cut', { code: 'store-unavailable', retryable: true });
}
