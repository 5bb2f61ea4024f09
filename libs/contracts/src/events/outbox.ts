import type { TaskEvent, Task } from '@rackwright/domain-provisioning';
import type { EventEnvelope } from './event-envelope.js';
import { keyspace } from '../etcd/keyspace.js';
import { encodeRecord } from '../etcd/record-codec.js';
import type { Write } from '../ports/store.port.js';

/**
 * The writes that put events into the outbox. They belong into the transaction of the change that caused them, so
 * that an event exists exactly when its change does; the control plane publishes them and then deletes the keys.
 */
export function outboxWrites(events: readonly EventEnvelope[]): Write[] {
  return events.map((event) => ({
    kind: 'put',
    key: keyspace.outbox.key({ idc: event.idc, id: event.id }),
    value: encodeRecord(event),
  }));
}

/** The envelopes of a task's events. */
export function taskEnvelopes(task: Task, events: readonly TaskEvent[], traceparent?: string): EventEnvelope[] {
  return events.map((event) => ({
    id: event.id,
    type: event.type,
    idc: task.idc,
    subject: `task/${task.sn}`,
    at: event.at,
    data: event.data,
    ...(traceparent === undefined ? {} : { traceparent }),
  }));
}
