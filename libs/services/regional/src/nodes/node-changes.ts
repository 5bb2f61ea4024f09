import type { EventEnvelope } from '@rackwright/contracts';
import type { Node, NodeStatus } from '@rackwright/domain-netboot';
import type { Task, TaskEvent } from '@rackwright/domain-provisioning';
import { instantMs, type Idc, type Instant, type Mac } from '@rackwright/kernel';
import type { BootSighting } from './node-registry.port.js';

/** A node after a change, and what to tell the world. */
export interface NodeStep {
  readonly node: Node;
  readonly events: readonly EventEnvelope[];
}

/** A node nobody has seen before. */
export function newNode(idc: Idc, mac: Mac, at: Instant): Node {
  return { mac, idc, status: 'discovered', dns: [], created_at: at, updated_at: at };
}

/** What a boot client tells of itself; `undefined` when nothing of it is new. */
export function nodeAfterSighting(
  found: Node | undefined,
  sighting: BootSighting,
  seen: { readonly idc: Idc; readonly at: Instant },
): NodeStep | undefined {
  const node = found ?? newNode(seen.idc, sighting.mac, seen.at);
  const { ip, netmask, gateway, dns } = sighting;
  const facts = definedOnly({ ip, netmask, gateway, dns });
  const isNews = Object.entries(facts).some(([name, value]) => !isSame(node[name as keyof typeof facts], value));
  if (found !== undefined && !isNews) return undefined;
  const next: Node = { ...node, ...facts, updated_at: seen.at };
  return { node: next, events: found === undefined ? [discovered(next, sighting.arch)] : [] };
}

/** The status that follows from what happened to the machine's task. */
export function nodeAfterTask(found: Node | undefined, task: Task, events: readonly TaskEvent[]): NodeStep | undefined {
  const status = events.reduce<NodeStatus | undefined>((last, { type }) => statusAfter[type] ?? last, undefined);
  if (status === undefined) return undefined;
  const node = found ?? newNode(task.idc, task.mac, task.updated_at);
  const hostname = task.hostname ?? node.hostname;
  const known: Node = { ...node, sn: task.sn, ...(hostname === undefined ? {} : { hostname }) };
  return nodeWithStatus(known, status, task.updated_at);
}

const statusAfter: Partial<Record<TaskEvent['type'], NodeStatus>> = {
  'task.started': 'installing',
  'task.completed': 'installed',
  'task.failed': 'failed',
};

/** Moves a node to `status`; without an event when it is there already. */
export function nodeWithStatus(node: Node, status: NodeStatus, at: Instant): NodeStep {
  if (node.status === status) return { node, events: [] };
  const next: Node = { ...node, status, updated_at: at };
  const event: EventEnvelope = {
    id: `node-${node.mac}-${String(instantMs(at))}-${status}`,
    type: 'node.status_changed',
    idc: node.idc,
    subject: `node/${node.mac}`,
    at,
    data: { mac: node.mac, from: node.status, status, ...(node.sn === undefined ? {} : { sn: node.sn }) },
  };
  return { node: next, events: [event] };
}

/** The boot override was served: it is used up, and a rescue system is what the machine runs now. */
export function nodeAfterOverride(node: Node, at: Instant): NodeStep | undefined {
  if (node.boot_override === undefined) return undefined;
  const { boot_override, ...rest } = node;
  const plain: Node = { ...rest, updated_at: at };
  return boot_override === 'rescue' ? nodeWithStatus(plain, 'rescue', at) : { node: plain, events: [] };
}

function discovered(node: Node, arch: string | undefined): EventEnvelope {
  return {
    id: `machine-${node.mac}-${String(instantMs(node.created_at))}-discovered`,
    type: 'machine.discovered',
    idc: node.idc,
    subject: `machine/${node.mac}`,
    at: node.updated_at,
    data: definedOnly({ mac: node.mac, ip: node.ip, arch }),
  };
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
