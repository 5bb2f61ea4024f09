import type { MessageBus } from '@rackwright/contracts';

/** One way the bus can be away: its link cut, its server killed. */
export interface BusOutage {
  readonly name: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** What came back for octets sent as a request. */
export interface RawAnswer {
  readonly outcome: 'reply' | 'problem';
  readonly body: string;
}

/** A bus under test, with empty streams, and what can happen to it. */
export interface MessageBusHarness extends AsyncDisposable {
  /** A further connection, subject to the outages; the harness disposes it. */
  connect(): Promise<MessageBus>;
  readonly outages: readonly BusOutage[];
  /** Loses both streams, as a server that comes back with an empty disk. */
  wipe(): Promise<void>;
  /** Sends octets as a request past every check of the sender. */
  requestRaw(subject: string, octets: Uint8Array): Promise<RawAnswer>;
}

/** Runs one test against a fresh bus. */
export type WithHarness = (test: (harness: MessageBusHarness) => Promise<void>) => () => Promise<void>;
