import { formatInstant, type Clock, type Logger, type Sn } from '@rackwright/kernel';
import type { RegionState } from '../region-view/region-state.js';
import type { ReportSink } from './report-sink.js';

/** A region that starts may find thousands of approvals; they are noted a few at a time. */
const MAX_IN_HAND = 16;

/** Tells that the region saw an approval: from that moment on the machine's boot script is the install script. */
export class BootConfigurer implements Disposable {
  readonly #state: RegionState;
  readonly #sink: ReportSink;
  readonly #ports: { readonly clock: Clock; readonly logger: Logger };
  readonly #stop: () => void;
  readonly #waiting = new Set<Sn>();
  readonly #inHand = new Set<Sn>();

  constructor(state: RegionState, sink: ReportSink, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#state = state;
    this.#sink = sink;
    this.#ports = ports;
    for (const sn of state.approvedSns()) this.#look(sn);
    this.#stop = state.onChange((changes) => {
      for (const { kind, id } of changes) if (kind === 'task') this.#look(id as Sn);
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#waiting.clear();
  }

  #look(sn: Sn): void {
    const task = this.#state.taskBySn(sn);
    if (task?.status !== 'approved' || task.pxe_configured) return;
    this.#waiting.add(sn);
    this.#work();
  }

  #work(): void {
    for (const sn of this.#waiting) {
      if (this.#inHand.size >= MAX_IN_HAND) return;
      if (this.#inHand.has(sn)) continue;
      this.#waiting.delete(sn);
      const task = this.#state.taskBySn(sn);
      if (task?.status !== 'approved' || task.pxe_configured) continue;
      this.#inHand.add(sn);
      void this.#tell(sn, task.task_id).finally(() => {
        this.#inHand.delete(sn);
        this.#work();
      });
    }
  }

  async #tell(sn: Sn, taskId: string): Promise<void> {
    const { clock, logger } = this.#ports;
    try {
      const report = { kind: 'boot-configured', taskId, at: formatInstant(clock.now()) } as const;
      const taken = await this.#sink.report(sn, report);
      if (!taken.ok) logger.debug({ sn, refusal: taken.fault }, 'task changed before its approval was noted');
    } catch (err) {
      logger.warn({ err, sn }, 'approval not noted');
    }
  }
}
