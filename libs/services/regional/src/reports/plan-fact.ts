import { keyspace, taskEnvelopes, type EventEnvelope } from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import { applyReport, type MachineReport, type Task } from '@rackwright/domain-provisioning';
import { fail, instantMs, ok, type Idc, type Instant, type Mac, type Result, type Sn } from '@rackwright/kernel';
import { nodeAfterOverride, nodeAfterSighting, nodeAfterTask, type NodeStep } from '../nodes/node-changes.js';
import type { Fact, KeptFact } from './fact.js';
import type { ReportRefusal } from './report-sink.js';

/** What is written down already, as far as facts depend on it. */
export interface RecordReader {
  task(sn: Sn): Promise<Task | undefined>;
  node(mac: Mac): Promise<Node | undefined>;
  /** When the unmatched machine was seen first. */
  firstSeen(mac: Mac): Promise<Instant | undefined>;
}

/** What a fact changes; nothing when it is known already. */
export interface FactPlan {
  readonly puts: readonly { readonly key: string; readonly value: object }[];
  readonly events: readonly EventEnvelope[];
}

const NOTHING: FactPlan = { puts: [], events: [] };

/** Decides what a fact changes. Planning it again after its effect was written changes nothing. */
export async function planFact(
  idc: Idc,
  { fact, wasTried }: KeptFact,
  read: RecordReader,
): Promise<Result<FactPlan, ReportRefusal>> {
  switch (fact.kind) {
    case 'report':
      return planReport(idc, { ...fact, wasTried }, read);
    case 'hardware':
      return ok(planHardware(idc, fact));
    case 'unmatched':
      return ok(await planUnmatched(idc, fact, read));
    case 'sighting': {
      const { sighting, at } = fact;
      return ok(nodePlan(idc, nodeAfterSighting(await read.node(sighting.mac), sighting, { idc, at })));
    }
    case 'override-used': {
      const node = await read.node(fact.mac);
      return ok(nodePlan(idc, node === undefined ? undefined : nodeAfterOverride(node, fact.at)));
    }
    case 'event':
      return ok({ puts: [], events: [fact.event] });
  }
}

async function planReport(
  idc: Idc,
  { sn, report, wasTried }: { readonly sn: Sn; readonly report: MachineReport; readonly wasTried: boolean },
  read: RecordReader,
): Promise<Result<FactPlan, ReportRefusal>> {
  const task = await read.task(sn);
  if (task === undefined) return fail({ code: 'task-not-found', sn });
  if (wasTried && isInLogTail(task, report)) return ok(NOTHING);
  const step = applyReport(task, report, `region/${idc}`);
  if (!step.ok) return step;
  const next = step.value.task;
  if (next === task) return ok(NOTHING);
  const moved = nodeAfterTask(await read.node(task.mac), next, step.value.events);
  const node = nodePlan(idc, moved);
  return ok({
    puts: [{ key: keyspace.task.key({ idc, sn }), value: next }, ...node.puts],
    events: [...taskEnvelopes(next, step.value.events, next.traceparent), ...node.events],
  });
}

/** Log lines are appended, so a repetition has to be recognised here. */
function isInLogTail(task: Task, report: MachineReport): boolean {
  if (report.kind !== 'logs' || report.taskId !== task.task_id) return false;
  const tail = task.logs.slice(-report.lines.length);
  return tail.length === report.lines.length && tail.every((line, index) => report.lines[index]?.startsWith(line));
}

function planHardware(idc: Idc, { meta }: Fact & { readonly kind: 'hardware' }): FactPlan {
  const at = meta.reported_at;
  return {
    puts: [{ key: keyspace.meta.key({ idc, sn: meta.sn }), value: meta }],
    events: [machineReported(idc, { id: meta.sn, mac: meta.mac, sn: meta.sn, at }, { matched: true })],
  };
}

async function planUnmatched(
  idc: Idc,
  { seen }: Fact & { readonly kind: 'unmatched' },
  read: RecordReader,
): Promise<FactPlan> {
  const { mac_address: mac, sn, last_seen: at } = seen;
  const firstSeen = await read.firstSeen(mac);
  const value = { ...seen, first_seen: firstSeen ?? seen.first_seen };
  const put = { key: keyspace.unmatched.key({ idc, mac }), value };
  if (firstSeen !== undefined) return { puts: [put], events: [] };
  return { puts: [put], events: [machineReported(idc, { id: mac, mac, sn, at }, { matched: false })] };
}

function machineReported(
  idc: Idc,
  machine: { readonly id: string; readonly mac: Mac; readonly sn: Sn; readonly at: Instant },
  facts: Readonly<Record<string, unknown>>,
): EventEnvelope {
  const { id, mac, sn, at } = machine;
  return {
    id: `machine-${id}-${String(instantMs(at))}-reported`,
    type: 'machine.reported',
    idc,
    subject: `machine/${id}`,
    at,
    data: { sn, mac, ...facts },
  };
}

function nodePlan(idc: Idc, step: NodeStep | undefined): FactPlan {
  if (step === undefined) return NOTHING;
  return { puts: [{ key: keyspace.node.key({ idc, mac: step.node.mac }), value: step.node }], events: step.events };
}
