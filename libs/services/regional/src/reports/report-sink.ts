import type { EventEnvelope } from '@rackwright/contracts';
import type { MachineReport, ReportFault, Task } from '@rackwright/domain-provisioning';
import type { Result, Sn } from '@rackwright/kernel';

/** Why a report was not taken. `journal-full`: etcd is away and the disk limit for kept reports is reached. */
export type ReportRefusal =
  ReportFault | { readonly code: 'task-not-found'; readonly sn: Sn } | { readonly code: 'journal-full' };

/** Takes facts about machines under installation. */
export interface ReportSink {
  /**
   * Applies a report to the machine's task. Resolves once the outcome is durable: in etcd or, while etcd is away, on
   * the region's disk. Reports of one machine take effect in the order of the calls.
   * Rejects with `OperationalError` `disk-failed` when neither is possible.
   */
  report(sn: Sn, report: MachineReport): Promise<Result<Task, ReportRefusal>>;
}

/** Takes facts that change no record, e.g. `lease.granted` or `boot.refused`. */
export interface EventSink {
  /** Resolves once the event is durable: in etcd's outbox or, while etcd is away, on the region's disk. */
  record(event: EventEnvelope): Promise<void>;
}
