import {
  formatInstant,
  instantMs,
  randomHex,
  type Clock,
  type EpochMs,
  type Logger,
  type Random,
} from '@rackwright/kernel';
import type { Mac } from '@rackwright/kernel';
import {
  encodeRecord,
  keyspace,
  type CommandNode,
  type DeviceMessage,
  type MessageBus,
  type NodeCommandRecord,
  type Store,
  type Subscription,
} from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import type { Stored } from '../state-view/record-table.js';
import type { SiteState } from '../state-view/site-state.js';
import type { StateView } from '../state-view/state-view.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { ReadRecords } from '../store/read-records.js';
import type { NodeDirectory } from './node-directory.js';
import { parseCommandResult, type CommandResult } from './command-result.js';

const DEFAULT_TIMEOUT_SECONDS = 60;
/** How long the outcome can be asked for after the deadline. */
const KEPT_SECONDS = 86_400;
const COMMAND_ID_BYTES = 8;
const RESULT_TOPICS = 'node/+/result';

export interface NodeCommandParts {
  readonly store: Store;
  readonly bus: MessageBus;
  readonly view: StateView;
  readonly nodes: NodeDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Commands to host agents over MQTT: sent, acknowledged, ended or timed out. */
export class NodeCommands implements AsyncDisposable {
  readonly #parts: NodeCommandParts;
  readonly #results: Subscription;

  constructor(parts: NodeCommandParts) {
    this.#parts = parts;
    this.#results = parts.bus.onDeviceMessage(RESULT_TOPICS, (message) => {
      void this.#onResult(message);
    });
  }

  /** Sends a command. Throws 404; rejects with `bus-unavailable` when it certainly did not go out. */
  async send(mac: Mac, body: CommandNode): Promise<NodeCommandRecord> {
    const { store, bus, nodes, clock, random } = this.#parts;
    const { idc } = (await nodes.require(mac)).value;
    await bus.ping();
    const now = clock.now();
    const timeoutSeconds = body.timeout_s ?? DEFAULT_TIMEOUT_SECONDS;
    const record: NodeCommandRecord = {
      id: `cmd-${randomHex(random, COMMAND_ID_BYTES)}`,
      mac,
      command: body.command,
      args: body.args ?? [],
      status: 'sent',
      created_at: formatInstant(now),
      deadline_at: formatInstant((now + timeoutSeconds * 1_000) as EpochMs),
    };
    const key = keyspace.command.key({ idc, mac, id: record.id });
    const leaseId = await store.grantLease(timeoutSeconds + KEPT_SECONDS);
    await store.transact([{ key, exists: false }], [{ kind: 'put', key, value: encodeRecord(record), leaseId }]);
    const { id, command, args } = record;
    const payload = Buffer.from(JSON.stringify({ command, args, id }));
    await bus.publishToDevice({ topic: `node/${mac}/command`, payload });
    return record;
  }

  /** A command and what became of it. Throws 404. */
  async get(mac: Mac, id: string): Promise<NodeCommandRecord> {
    const found = await this.#find(mac, id);
    if (found === undefined) throw new ProblemError('command-not-found', `There is no command ${id} for node ${mac}`);
    return asOf(found.value, this.#parts.clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#results[Symbol.asyncDispose]();
  }

  async #find(mac: string, id: string): Promise<Stored<NodeCommandRecord> | undefined> {
    return findCommand(await this.#parts.view.fresh(), mac, id);
  }

  async #onResult(message: DeviceMessage): Promise<void> {
    const { logger } = this.#parts;
    const result = parseCommandResult(message);
    if (result === undefined) {
      logger.debug({ topic: message.topic }, 'unreadable command result');
      return;
    }
    try {
      const found = await this.#find(result.mac, result.id);
      if (found === undefined) logger.debug({ mac: result.mac, id: result.id }, 'result of no known command');
      else await writeChange(this.#parts.store, () => this.#planResult(found.key, result));
    } catch (err) {
      logger.warn({ err, mac: result.mac, id: result.id }, 'command result was not stored');
    }
  }

  async #planResult(key: string, result: CommandResult): Promise<PlannedChange<undefined>> {
    const ids = keyspace.command.parse(key);
    const records = await ReadRecords.of(this.#parts.store, [key]);
    const found = ids === undefined ? undefined : records.get(keyspace.command, ids);
    const now = this.#parts.clock.now();
    const unchanged = { comparisons: [], writes: [], outcome: undefined, witness: key };
    if (found === undefined || isOver(asOf(found.value, now)) || found.value.status === result.status) return unchanged;
    const finished = result.status === 'acked' ? {} : { finished_at: formatInstant(now) };
    const told = result.result === undefined ? {} : { result: result.result };
    const record: NodeCommandRecord = { ...found.value, status: result.status, ...finished, ...told };
    const lease = found.leaseId === undefined ? {} : { leaseId: found.leaseId };
    return {
      ...unchanged,
      comparisons: [unchangedSince(key, found)],
      writes: [{ kind: 'put', key, value: encodeRecord(record), ...lease }],
    };
  }
}

function findCommand(state: SiteState, mac: string, id: string): Stored<NodeCommandRecord> | undefined {
  for (const idc of state.commands.groups()) {
    const command = state.commands.get({ idc, mac, id });
    if (command !== undefined) return command;
  }
  return undefined;
}

function isOver({ status }: NodeCommandRecord): boolean {
  return status !== 'sent' && status !== 'acked';
}

/** A command as it stands at `now`: one without an end past its deadline has timed out. */
export function asOf(command: NodeCommandRecord, now: EpochMs): NodeCommandRecord {
  if (isOver(command) || now <= instantMs(command.deadline_at)) return command;
  return { ...command, status: 'timeout', finished_at: command.deadline_at };
}
