import { MemoryStream } from './memory-stream.js';

/** The most recent messages each stream keeps. */
const DEFAULT_MAX_ENTRIES = 100_000;

/** What a request handler makes of the octets of a request. */
export interface RawReply {
  readonly outcome: 'reply' | 'problem';
  readonly body: string;
}

/** Serves raw requests on one subject, for one connection. */
export interface RawResponder {
  readonly subject: string;
  /** False while its connection is cut. */
  readonly isReachable: () => boolean;
  readonly serve: (octets: Uint8Array) => Promise<RawReply>;
}

/** Receives raw messages whose subject matches a filter, for one connection. */
export interface RawSubscriber {
  readonly filter: readonly string[];
  readonly isReachable: () => boolean;
  readonly receive: (subject: string, octets: Uint8Array) => void;
}

/** What the connections of one process share: the streams, and who serves and listens. */
export class MemoryBroker {
  readonly events: MemoryStream;
  readonly logs: MemoryStream;
  readonly #responders = new Set<RawResponder>();
  readonly #subscribers = new Set<RawSubscriber>();
  #turn = 0;

  constructor(maxEntries = DEFAULT_MAX_ENTRIES) {
    this.events = new MemoryStream(maxEntries);
    this.logs = new MemoryStream(maxEntries);
  }

  addResponder(responder: RawResponder): () => void {
    this.#responders.add(responder);
    return () => this.#responders.delete(responder);
  }

  addSubscriber(subscriber: RawSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Hands a request to one of those who serve its subject, in turn; `undefined` when nobody does. */
  dispatch(subject: string, octets: Uint8Array): Promise<RawReply> | undefined {
    const serving = [...this.#responders].filter((each) => each.subject === subject && each.isReachable());
    this.#turn += 1;
    return serving[this.#turn % serving.length]?.serve(octets);
  }

  /** Hands a message to everyone who listens to its subject. */
  publish(subject: string, octets: Uint8Array): void {
    const tokens = subject.split('.');
    for (const { filter, isReachable, receive } of this.#subscribers) {
      if (isReachable() && matches(filter, tokens)) receive(subject, octets.slice());
    }
  }
}

function matches(filter: readonly string[], tokens: readonly string[]): boolean {
  return filter.length === tokens.length && filter.every((token, index) => token === '*' || token === tokens[index]);
}
