/**
 * A fact that happened. The envelope is the same on NATS, in SSE and in WebSocket frames; `seq` is added by whoever
 * reads it from the stream.
 */
export interface EventEnvelope {
  /** Unique and derived from the change that caused it, so that publishing it twice stores it once. */
  readonly id: string;
  readonly type: EventType;
  readonly idc: string;
  /** What it is about: `task/{sn}`, `machine/{sn or mac}`, `node/{mac}`, `region/{idc}`, `lease/{ip}`. */
  readonly subject: string;
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** W3C trace context of the change. */
  readonly traceparent?: string;
}

/** Every event type, past tense. */
export const eventTypes = [
  'task.created',
  'task.approved',
  'task.rejected',
  'task.started',
  'task.progressed',
  'task.completed',
  'task.failed',
  'task.cancelled',
  'machine.discovered',
  'machine.reported',
  'machine.enrolled',
  'node.status_changed',
  'region.came_online',
  'region.went_offline',
  'lease.granted',
  'lease.declined',
  'lease.expired',
  'boot.requested',
  'boot.refused',
] as const;

export type EventType = (typeof eventTypes)[number];
