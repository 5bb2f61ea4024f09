import { IsInt } from 'class-validator';
import { parseIdc, type Idc } from '@rackwright/kernel';
import { defineRequest, type EventEnvelope, type LogLine, type LogSource } from '@rackwright/contracts';

/** The request payload of the suite. */
export class AddNumbers {
  @IsInt()
  declare left: number;

  @IsInt()
  declare right: number;
}

/** The reply payload of the suite. */
export class Sum {
  @IsInt()
  declare sum: number;
}

/** The reply that says `sum`. */
export function sumOf(sum: number): Sum {
  return Object.assign(new Sum(), { sum });
}

export const addNumbers = defineRequest({
  area: 'conformance',
  name: 'add',
  request: AddNumbers,
  reply: Sum,
  timeoutMs: 30_000,
});

export const IDC = idc('dc1');
export const OTHER_IDC = idc('dc2');

function idc(text: string): Idc {
  const parsed = parseIdc(text);
  if (parsed === undefined) throw new RangeError(`not an IDC: ${text}`);
  return parsed;
}

/** The event number `n` of a publisher. */
export function sampleEvent(n: number, publisher = 'p1'): EventEnvelope {
  return {
    id: `${publisher}-${n}`,
    type: 'task.created',
    idc: IDC,
    subject: `task/sn-${n}`,
    at: '2026-11-21T08:00:00.000Z',
    data: { n, publisher },
  };
}

export const LOG_SOURCE: LogSource = { idc: IDC, sn: 'SN.001', task_id: 'task-0000abcd' };
export const OTHER_LOG_SOURCE: LogSource = { idc: IDC, sn: 'SN.002', task_id: 'task-0000abce' };

/** Line number `n` of a log. */
export function sampleLine(n: number, source = LOG_SOURCE): LogLine {
  const id = `${source.task_id}-${n}`;
  return {
    idc: source.idc,
    sn: source.sn,
    task_id: source.task_id,
    at: '2026-11-21T08:00:00.000Z',
    text: `line ${n}`,
    id,
  };
}

/** The numbers from `from` up to, not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
