import { formatMac } from '@rackwright/kernel';
import { deadlineOf, type DeadlineSettings, type Task } from '@rackwright/domain-provisioning';
import type { Revision, TaskRecord, TaskView } from '@rackwright/contracts';
import { without } from '../store/without.js';

/** Middle of 1 to 10. */
export const DEFAULT_PRIORITY = 5;

/** The task a record holds. */
export function taskOf(record: TaskRecord): Task {
  return {
    ...without(record, 'auto_approve'),
    ssh_keys: record.ssh_keys ?? [],
    packages: record.packages ?? [],
    kernel_args: record.kernel_args ?? '',
    tags: record.tags ?? {},
    priority: record.priority ?? DEFAULT_PRIORITY,
  };
}

/** A task as the API shows it: without its boot token, its MAC readable, its deadline computed. */
export function taskView(task: Task, revision: Revision, deadlines: DeadlineSettings): TaskView {
  const deadline = deadlineOf(task, deadlines);
  return {
    ...without(task, 'boot', 'event_count'),
    mac: formatMac(task.mac),
    ...(deadline === undefined ? {} : { deadline_at: deadline.at }),
    revision: revision.toString(),
  };
}
