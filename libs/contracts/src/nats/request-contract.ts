import type { ClassConstructor } from 'class-transformer';
import type { Idc } from '@rackwright/kernel';

/** One request/reply operation over NATS: plain JSON payloads, metadata in headers, a deadline. */
export interface RequestContract<Req extends object, Rep extends object> {
  /** Area and name, the tail of the subject: `boot.render`. */
  readonly area: string;
  readonly name: string;
  readonly request: ClassConstructor<Req>;
  readonly reply: ClassConstructor<Rep>;
  readonly timeoutMs: number;
}

/** Declares a request; keeps the payload types. */
export function defineRequest<Req extends object, Rep extends object>(
  contract: RequestContract<Req, Rep>,
): RequestContract<Req, Rep> {
  return contract;
}

const SUBJECT_TOKEN = /^[A-Za-z0-9_%:-]+$/;

/** Escapes an identifier into one subject token: `.` separates tokens on NATS, so it becomes `%2E`. */
export function subjectToken(id: string): string {
  const token = id.replaceAll('.', '%2E');
  if (!SUBJECT_TOKEN.test(token)) throw new RangeError(`not a subject token: ${JSON.stringify(id)}`);
  return token;
}

/** `rw.v1.{idc}.request.{area}.{name}`. */
export function requestSubject(contract: { readonly area: string; readonly name: string }, idc: Idc): string {
  return `rw.v1.${idc}.request.${contract.area}.${contract.name}`;
}

/** `rw.v1.{idc}.event.{type}`, e.g. `rw.v1.dc1.event.task.created`. */
export function eventSubject(idc: string, type: string): string {
  return `rw.v1.${subjectToken(idc)}.event.${type}`;
}

/** `rw.v1.{idc}.log.{sn}.{task_id}`. */
export function logSubject(source: { readonly idc: string; readonly sn: string; readonly task_id: string }): string {
  return `rw.v1.${subjectToken(source.idc)}.log.${subjectToken(source.sn)}.${subjectToken(source.task_id)}`;
}

/** JetStream stream that holds every event. */
export const EVENT_STREAM = { name: 'RW_EVENTS', subjects: ['rw.v1.*.event.>'] } as const;
/** JetStream stream that holds install logs. */
export const LOG_STREAM = { name: 'RW_LOGS', subjects: ['rw.v1.*.log.>'] } as const;

/** Header names on the wire. */
export const busHeaders = {
  traceparent: 'traceparent',
  messageId: 'Nats-Msg-Id',
  schema: 'Rw-Schema',
  /** Set to `problem` on a reply that carries a problem object instead of the contract's reply. */
  outcome: 'Rw-Outcome',
} as const;
