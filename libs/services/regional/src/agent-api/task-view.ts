import type { IdcSettingsRecord, Revision, TaskView } from '@rackwright/contracts';
import { deadlineOf, defaultDeadlines, type DeadlineSettings, type Task } from '@rackwright/domain-provisioning';
import { formatMac } from '@rackwright/kernel';
import { without } from '../region-view/without.js';

const MINUTE_MS = 60_000;

/** The deadlines of an IDC. */
function deadlinesOf(settings: IdcSettingsRecord): DeadlineSettings {
  const { first_boot_minutes, install_minutes, silence_minutes } = settings;
  const inMs = (minutes: number | undefined, fallback: number): number =>
    minutes === undefined ? fallback : minutes * MINUTE_MS;
  return {
    firstBootMs: inMs(first_boot_minutes, defaultDeadlines.firstBootMs),
    installMs: inMs(install_minutes, defaultDeadlines.installMs),
    silenceMs: inMs(silence_minutes, defaultDeadlines.silenceMs),
  };
}

/** A task as its machine sees it: without the boot token, the MAC readable. */
export function taskView(task: Task, revision: Revision, settings: IdcSettingsRecord): TaskView {
  const deadline = deadlineOf(task, deadlinesOf(settings));
  return {
    ...without(task, 'boot', 'event_count'),
    mac: formatMac(task.mac),
    ...(deadline === undefined ? {} : { deadline_at: deadline.at }),
    revision: String(revision),
  };
}
