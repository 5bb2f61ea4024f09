import { ProblemError } from '@rackwright/platform';
import type { ReportRefusal } from '../reports/report-sink.js';

/** Seconds after which a machine tries again when the region has no room. */
const RETRY_AFTER_SECONDS = 30;

/** How a refused report is answered. */
export function refusalProblem(refusal: ReportRefusal): ProblemError {
  switch (refusal.code) {
    case 'task-mismatch': {
      const detail = `The machine's current attempt is ${refusal.expected}, not ${refusal.reported}`;
      return new ProblemError('task-mismatch', detail);
    }
    case 'task-not-installing':
      return new ProblemError('task-not-installing', `The task is ${refusal.status}; it takes no more reports`);
    case 'task-not-found':
      return new ProblemError('task-not-found', `There is no task for machine ${refusal.sn}`);
    case 'journal-full':
      return new ProblemError('journal-full', 'etcd is away and the disk limit for kept reports is reached', {
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      });
  }
}
