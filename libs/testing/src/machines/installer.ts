import { formatMac } from '@rackwright/kernel';
import { parse } from 'yaml';
import { pause } from './dhcp-client.js';
import type { SystemContext, SystemEnd } from './ram-os.js';

type AnswerFormat = 'preseed' | 'autoinstall' | 'kickstart';

/** Where a distribution's installer finds its answer file. */
interface AnswerSource {
  readonly format: AnswerFormat;
  readonly url: string;
}

/** How the answer file tells the region about progress. */
interface ReportHooks {
  readonly url: string;
  readonly token: string;
  readonly taskId: string;
}

const stages = [
  { step: 'partitioning', percent: 30 },
  { step: 'packages', percent: 60 },
  { step: 'finishing', percent: 90 },
] as const;

/**
 * A distribution's installer, unattended: finds its answer file by the kernel command line, checks that it is one,
 * and reports by the commands in it, as the real one would run them.
 */
export async function runInstaller(system: SystemContext): Promise<SystemEnd> {
  const source = answerSource(system.kernelArgs);
  await system.enter('answer-file');
  const answers = await fetchAnswers(system, source);
  const hooks = reportHooks(answers);
  const call = { method: 'POST', token: hooks.token } as const;
  const who = { sn: system.identity.sn, mac_address: formatMac(system.identity.mac), task_id: hooks.taskId };
  for (const { step, percent } of stages) {
    await pause(system.stepMs, system.signal);
    await system.enter('os_install', percent);
    const message = `${source.format}: ${step}`;
    await system.http.call({ ...call, url: `${hooks.url}/api/v1/progress`, json: { ...who, step, percent, message } });
  }
  const failed = system.faults.failsOperation === 'os_install';
  if (!failed) system.writeDisk(hooks.taskId);
  await system.enter('reboot');
  const status = failed ? 'failed' : 'success';
  const outcome = { sn: system.identity.sn, status, message: failed ? 'simulated failure' : '' };
  await system.http.call({ ...call, url: `${hooks.url}/api/v1/device/installComplete`, json: outcome });
  return 'reboot';
}

function answerSource(args: ReadonlyMap<string, string>): AnswerSource {
  const preseed = args.get('url') ?? args.get('preseed/url');
  if (preseed !== undefined) return { format: 'preseed', url: preseed };
  const kickstart = args.get('inst.ks');
  if (kickstart !== undefined) return { format: 'kickstart', url: kickstart };
  const seed = /(?:^|;)s=([^;]+)/.exec(args.get('ds') ?? '')?.[1];
  if (seed !== undefined) return { format: 'autoinstall', url: seed };
  throw new Error(`no answer file on the kernel command line: ${[...args.keys()].join(' ')}`);
}

const shapes: Readonly<Record<'preseed' | 'kickstart', RegExp>> = {
  preseed: /^d-i\s+\S+\s+\S+/m,
  kickstart: /^%packages\b[\s\S]*^%end$/m,
};

async function fetchAnswers(system: SystemContext, { format, url }: AnswerSource): Promise<string> {
  if (format !== 'autoinstall') {
    const text = await system.http.text({ url });
    if (!shapes[format].test(text)) throw new Error(`${url} is no ${format} file`);
    return text;
  }
  await system.http.text({ url: `${url}meta-data` });
  const text = await system.http.text({ url: `${url}user-data` });
  const config = parse(text) as { readonly autoinstall?: { readonly version?: number } };
  if (!text.startsWith('#cloud-config\n') || config.autoinstall?.version !== 1) {
    throw new Error(`${url}user-data is no autoinstall file`);
  }
  return text;
}

/** Finds the reporting commands of an answer file. */
function reportHooks(answers: string): ReportHooks {
  const [, url] = /(https?:\/\/[^\s'"\\]+)\/api\/v1\/device\/installComplete/.exec(answers) ?? [];
  const [, token] = /Bearer ([A-Za-z0-9._~+-]+)/.exec(answers) ?? [];
  const [taskId] = /task-[0-9a-f]{8}/.exec(answers) ?? [];
  if (url === undefined || token === undefined || taskId === undefined) {
    throw new Error('the answer file has no command that reports installComplete with the boot token and the task');
  }
  return { url, token, taskId };
}
