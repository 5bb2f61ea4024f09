import {
  keyspace,
  outboxWrites,
  type ActOnNode,
  type Comparison,
  type CreateNode,
  type NodeRecord,
  type PatchNode,
  type Revision,
  type Store,
  type Write,
} from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import {
  formatInstant,
  OperationalError,
  randomHex,
  type Clock,
  type Idc,
  type Mac,
  type Random,
} from '@rackwright/kernel';
import { currentTraceparent, ProblemError, requireMatch, type IfMatch } from '@rackwright/platform';
import { without } from '../region-view/without.js';
import type { RegionState } from '../region-view/region-state.js';
import { newNode, nodeWithStatus } from './node-changes.js';
import { nodeExists, nodeNotFound } from './node-problems.js';
import { planInstall } from './plan-install.js';
import { readRecord, unchangedSince, type Stored } from './stored-record.js';

/** Another writer may win this often. */
const MAX_RACES = 8;
/** Long enough that guessing one is hopeless, short enough for a kernel command line. */
const BOOT_TOKEN_BYTES = 32;
const TASK_ID_BYTES = 4;

export interface NodeDeskParts {
  readonly idc: Idc;
  readonly store: Store;
  readonly state: RegionState;
  readonly clock: Clock;
  readonly random: Random;
}

/** A node and the revision it is at. */
export interface NodeAt {
  readonly node: Node;
  readonly revision: Revision;
}

interface Planned {
  readonly node: Node;
  readonly comparisons?: readonly Comparison[];
  readonly writes?: readonly Write[];
}

/** What people do to nodes. Needs etcd, and nothing of the control plane. */
export class NodeDesk {
  readonly #parts: NodeDeskParts;

  constructor(parts: NodeDeskParts) {
    this.#parts = parts;
  }

  find(mac: Mac): NodeAt | undefined {
    const node = this.#parts.state.nodeByMac(mac);
    const revision = this.#parts.state.storedNode(mac)?.modRevision ?? 0n;
    return node === undefined ? undefined : { node, revision };
  }

  /** Adds a node by hand. Throws 409 with its place when it exists. */
  async create(body: CreateNode): Promise<NodeAt> {
    const { idc, clock } = this.#parts;
    if (body.idc !== undefined && body.idc !== idc) {
      const errors = [{ pointer: '/idc', detail: `idc must be ${idc}, the data centre of this region` }];
      throw new ProblemError('invalid-request', `This region serves ${idc}`, { errors });
    }
    return this.#change(body.mac, async (found) => {
      if (found !== undefined) throw nodeExists(body.mac);
      const node = newNode(idc, body.mac, formatInstant(clock.now()));
      return { node: { ...node, ...(body.ip === undefined ? {} : { ip: body.ip }) } };
    });
  }

  async patch(mac: Mac, body: PatchNode, ifMatch: IfMatch): Promise<NodeAt> {
    return this.#change(mac, async (found) => {
      const node = required(mac, found, ifMatch);
      return { node: { ...node, ...body, updated_at: formatInstant(this.#parts.clock.now()) } };
    });
  }

  /** Decides what the machine does at its next boot; `install` and `reinstall` create an approved task. */
  async act(
    mac: Mac,
    { action, profile }: ActOnNode,
    asked: { readonly by: string; readonly ifMatch: IfMatch },
  ): Promise<NodeAt> {
    const updated_at = formatInstant(this.#parts.clock.now());
    return this.#change(mac, async (found) => {
      const node = required(mac, found, asked.ifMatch);
      if (action === 'local-boot' || action === 'rescue')
        return { node: { ...node, boot_override: action, updated_at } };
      const birth = this.#birth(asked.by);
      const order = { node, profile, profiles: this.#parts.state.profiles(), birth };
      const { task, comparisons, writes } = await planInstall(this.#parts.store, order);
      return { node: { ...without(node, 'boot_override'), sn: task.sn, updated_at }, comparisons, writes };
    });
  }

  async delete(mac: Mac, ifMatch: IfMatch): Promise<Node> {
    const { idc, store, state } = this.#parts;
    const key = keyspace.node.key({ idc, mac });
    for (let race = 0; race < MAX_RACES; race += 1) {
      const found = await readRecord(store, keyspace.node, { idc, mac });
      const node = required(mac, found, ifMatch);
      const { committed, revision } = await store.transact([unchangedSince(key, found)], [{ kind: 'delete', key }]);
      if (!committed) continue;
      state.apply([{ kind: 'delete', key, modRevision: revision }]);
      return node;
    }
    throw tooManyRaces();
  }

  /** The agent of the installed system is alive. Never starts an installation; `undefined` for a stranger. */
  async heartbeat(mac: Mac, status: Partial<Pick<Node, 'ip' | 'hostname' | 'status'>>): Promise<NodeAt | undefined> {
    if (this.#parts.state.nodeByMac(mac) === undefined) return undefined;
    const at = formatInstant(this.#parts.clock.now());
    return this.#change(mac, async (found) => {
      const node = required(mac, found, { kind: 'none' });
      const { ip = node.ip, hostname = node.hostname } = status;
      const facts = { ...(ip === undefined ? {} : { ip }), ...(hostname === undefined ? {} : { hostname }) };
      const alive: Node = { ...node, ...facts, last_heartbeat: at };
      if (status.status === undefined || node.status === 'installing') return { node: alive };
      const step = nodeWithStatus(alive, status.status, at);
      return { node: step.node, writes: outboxWrites(step.events) };
    });
  }

  /** The agent fell silent. */
  async markOffline(mac: Mac): Promise<NodeAt> {
    const at = formatInstant(this.#parts.clock.now());
    return this.#change(mac, async (found) => {
      const node = required(mac, found, { kind: 'none' });
      const step = nodeWithStatus(node, node.status === 'online' ? 'offline' : node.status, at);
      return { node: step.node, writes: outboxWrites(step.events) };
    });
  }

  async #change(mac: Mac, plan: (found: Stored<NodeRecord> | undefined) => Promise<Planned>): Promise<NodeAt> {
    const { idc, store, state } = this.#parts;
    const key = keyspace.node.key({ idc, mac });
    for (let race = 0; race < MAX_RACES; race += 1) {
      const found = await readRecord(store, keyspace.node, { idc, mac });
      const { node, comparisons = [], writes = [] } = await plan(found);
      const { committed, revision } = await store.transact(
        [unchangedSince(key, found), ...comparisons],
        [{ kind: 'put', key, value: JSON.stringify(node) }, ...writes],
      );
      if (!committed) continue;
      state.adopt(key, node, revision);
      return { node, revision };
    }
    throw tooManyRaces();
  }

  #birth(by: string): Parameters<typeof planInstall>[1]['birth'] {
    const { clock, random } = this.#parts;
    const traceparent = currentTraceparent();
    return {
      taskId: `task-${randomHex(random, TASK_ID_BYTES)}`,
      bootToken: randomHex(random, BOOT_TOKEN_BYTES),
      at: formatInstant(clock.now()),
      by,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }
}

function required(mac: Mac, found: Stored<NodeRecord> | undefined, ifMatch: IfMatch): Node {
  if (found === undefined) throw nodeNotFound(mac);
  requireMatch(ifMatch, found.modRevision);
  return found.value;
}

function tooManyRaces(): OperationalError {
  return new OperationalError('other writers won every race', { code: 'store-unavailable', retryable: true });
}

/** Nest token of {@link NodeDesk}. */
export const NODE_DESK = Symbol('NodeDesk');
