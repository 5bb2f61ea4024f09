import type { Instant } from '@rackwright/kernel';
import { emit, withStatus, type TaskStep } from './task-event.js';
import { isUnfinished, type InstallRequest, type Task } from './task.js';
import { fail, ok, type Result } from '@rackwright/kernel';

/** Identity and circumstances of a new attempt. */
export interface Birth {
  /** `task-` and 8 hexadecimal digits. */
  readonly taskId: string;
  readonly bootToken: string;
  readonly at: Instant;
  readonly by: string;
  readonly traceparent?: string;
  /** Approve in the same step. */
  readonly autoApprove?: boolean;
}

/** The machine has an attempt that is not over. */
export interface TaskActive {
  readonly code: 'task-active';
  readonly task: Task;
}

/**
 * A new attempt on a machine whose last one, if any, is over; the caller moves that one to history.
 * The first event is `task.created`, followed by `task.approved` with {@link Birth.autoApprove}.
 */
export function createTask(
  request: InstallRequest,
  birth: Birth,
  previous: Task | undefined,
): Result<TaskStep, TaskActive> {
  if (previous !== undefined && isUnfinished(previous.status)) return fail({ code: 'task-active', task: previous });
  const task: Task = {
    ...request,
    task_id: birth.taskId,
    status: 'pending',
    attempt: (previous?.attempt ?? 0) + 1,
    progress: [],
    percent: 0,
    logs: [],
    status_history: [{ status: 'pending', timestamp: birth.at, by: birth.by, reason: 'created' }],
    pxe_configured: false,
    created_at: birth.at,
    updated_at: birth.at,
    created_by: birth.by,
    boot: { token: birth.bootToken, boots: 0, operations_done: [] },
    event_count: 0,
    ...(birth.traceparent === undefined ? {} : { traceparent: birth.traceparent }),
  };
  const created = emit({ task, events: [] }, 'task.created', { attempt: task.attempt, profile: task.profile });
  return ok(birth.autoApprove === true ? approved(created, birth) : created);
}

function approved(step: TaskStep, birth: Birth): TaskStep {
  const change = { status: 'approved', timestamp: birth.at, by: birth.by, reason: 'auto_approve' } as const;
  const task: Task = {
    ...withStatus(step.task, change),
    approval: { status: 'approved', approved_by: birth.by, approved_at: birth.at, notes: 'auto_approve' },
  };
  return emit({ ...step, task }, 'task.approved', { by: birth.by });
}

/** The install request of an earlier attempt, to try again as it was. */
export function installRequestOf(task: Task): InstallRequest {
  const { idc, sn, mac, ip, hostname, os_type, os_version, profile, disk_layout, network_config } = task;
  const { ssh_keys, packages, kernel_args, tags, priority } = task;
  return {
    ...{ idc, sn, mac, os_type, os_version, profile, ssh_keys, packages, kernel_args, tags, priority },
    ...(ip === undefined ? {} : { ip }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(disk_layout === undefined ? {} : { disk_layout }),
    ...(network_config === undefined ? {} : { network_config }),
  };
}
