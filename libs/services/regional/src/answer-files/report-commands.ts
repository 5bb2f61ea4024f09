import type { Task } from '@rackwright/domain-provisioning';
import { formatMac } from '@rackwright/kernel';
import { shellWord } from './shell-text.js';

/** A program that posts JSON: `wget` in the Debian installer, `curl` elsewhere. */
export type Poster = 'wget' | 'curl';

/** Shell commands by which an unattended installer tells its region how far it is. Each is one line and never fails. */
export interface ReportCommands {
  readonly start: string;
  readonly partitioning: string;
  readonly packages: string;
  readonly completed: string;
  readonly failed: string;
}

export interface ReportTarget {
  readonly task: Task;
  /** `http://host:port` of the region. */
  readonly baseUrl: string;
  readonly token: string;
}

/** The commands of one task. */
export function reportCommands(target: ReportTarget, poster: Poster): ReportCommands {
  const { task } = target;
  const who = { sn: task.sn, mac_address: formatMac(task.mac), task_id: task.task_id };
  const progress = (step: string, percent: number, message: string): string =>
    post(target, poster, { path: '/api/v1/progress', body: { ...who, step, percent, message } });
  const outcome = (status: 'success' | 'failed', message: string): string =>
    post(target, poster, { path: '/api/v1/device/installComplete', body: { sn: task.sn, status, message } });
  return {
    start: progress('start', 20, 'the installer runs'),
    partitioning: progress('partitioning', 30, 'choosing and partitioning the disk'),
    packages: progress('packages', 90, 'the system and its packages are installed'),
    completed: outcome('success', 'the installer finished'),
    failed: outcome('failed', 'the installer gave up'),
  };
}

function post(target: ReportTarget, poster: Poster, call: { readonly path: string; readonly body: object }): string {
  const url = shellWord(`${target.baseUrl}${call.path}`);
  const token = shellWord(`Authorization: Bearer ${target.token}`);
  const type = shellWord('Content-Type: application/json');
  const body = shellWord(JSON.stringify(call.body));
  return poster === 'wget'
    ? `wget -q -O /dev/null --header ${token} --header ${type} --post-data ${body} ${url} || true`
    : `curl -fsS -o /dev/null --retry 5 -H ${token} -H ${type} -d ${body} ${url} || true`;
}
