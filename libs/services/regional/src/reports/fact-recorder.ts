import { keyspace, type EventEnvelope } from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import type { MachineReport, Task } from '@rackwright/domain-provisioning';
import { fail, ok, OperationalError, type Idc, type Logger, type Result, type Sn } from '@rackwright/kernel';
import type { FactDrain } from './fact-drain.js';
import { laneOf, type Fact, type KeptFact } from './fact.js';
import type { FactCounters } from './fact-metrics.js';
import type { FactJournal } from './fact-journal.js';
import { isStoreAway, type FactWriter } from './fact-writer.js';
import { Lanes } from './lanes.js';
import { planFact, type FactPlan } from './plan-fact.js';
import { effectiveView } from './record-sources.js';
import type { EventSink, ReportRefusal, ReportSink } from './report-sink.js';
import type { RegionState } from '../region-view/region-state.js';

export interface FactRecorderParts {
  readonly idc: Idc;
  readonly state: RegionState;
  readonly writer: FactWriter;
  readonly journal: FactJournal;
  readonly drain: FactDrain;
  readonly counters: FactCounters;
  readonly logger: Logger;
}

/**
 * Writes facts down in the order they happened, per machine: to etcd or, while etcd is away or older facts still wait,
 * to the journal. Answers only once the fact is durable.
 */
export class FactRecorder implements ReportSink, EventSink {
  readonly #parts: FactRecorderParts;
  readonly #lanes = new Lanes();

  constructor(parts: FactRecorderParts) {
    this.#parts = parts;
  }

  /** Shows what an earlier process kept on disk in the view again, and starts writing it to etcd. */
  async restore(): Promise<void> {
    const { journal, drain, logger } = this.#parts;
    let restored = 0;
    for await (const { kept } of journal.restore()) {
      if (kept === undefined) continue;
      const planned = await this.#planOnView(kept);
      if (planned.ok) this.#show(planned.value);
      restored += 1;
    }
    if (restored === 0) return;
    logger.info({ facts: restored }, 'facts kept on disk by an earlier run will be written to etcd');
    drain.start();
  }

  async report(sn: Sn, report: MachineReport): Promise<Result<Task, ReportRefusal>> {
    const recorded = await this.take({ kind: 'report', sn, report });
    if (!recorded.ok) return recorded;
    const task = this.#parts.state.taskBySn(sn);
    return task === undefined ? fail({ code: 'task-not-found', sn }) : ok(task);
  }

  async record(event: EventEnvelope): Promise<void> {
    const recorded = await this.take({ kind: 'event', event });
    if (recorded.ok) return;
    throw new OperationalError('the event could not be kept', { code: 'unavailable', retryable: true });
  }

  /** Records any fact. */
  take(fact: Fact): Promise<Result<undefined, ReportRefusal>> {
    return this.#lanes.run(laneOf(fact), () => this.#take(fact));
  }

  /** Resolves when nothing is being recorded. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async #take(fact: Fact): Promise<Result<undefined, ReportRefusal>> {
    const { drain, writer, counters } = this.#parts;
    if (drain.isNeeded) return this.#keep({ fact, wasTried: false });
    try {
      const written = await writer.write({ fact, wasTried: false });
      counters.add(written.ok ? 'written' : 'refused');
      return written;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      drain.noteStoreAway(error);
      return this.#keep({ fact, wasTried: true });
    }
  }

  async #keep(kept: KeptFact): Promise<Result<undefined, ReportRefusal>> {
    const { journal, drain, counters } = this.#parts;
    const planned = await this.#planOnView(kept);
    if (!planned.ok) {
      counters.add('refused');
      return planned;
    }
    if (planned.value.puts.length === 0 && planned.value.events.length === 0) return ok(undefined);
    if (journal.isFull) return fail({ code: 'journal-full' });
    await journal.append(kept);
    this.#show(planned.value);
    counters.add('kept');
    drain.start();
    return ok(undefined);
  }

  #planOnView(kept: KeptFact): Promise<Result<FactPlan, ReportRefusal>> {
    const { idc, state } = this.#parts;
    return planFact(idc, { ...kept, wasTried: false }, effectiveView(state));
  }

  #show(plan: FactPlan): void {
    for (const { key, value } of plan.puts) {
      if (keyspace.task.parse(key) !== undefined) this.#parts.state.keepTask(value as Task);
      else if (keyspace.node.parse(key) !== undefined) this.#parts.state.keepNode(value as Node);
    }
  }
}
