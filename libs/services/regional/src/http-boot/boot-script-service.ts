import { chooseBootScript, type BootScriptChoice } from '@rackwright/domain-netboot';
import { findProfile, type Profile, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, type Clock, type Logger, type Mac } from '@rackwright/kernel';
import { defineCounter, ProblemError, type CounterMetric, type Metrics } from '@rackwright/platform';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { RegionView } from '../region-view/region-view.port.js';
import type { ReportSink } from '../reports/report-sink.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import type { LogTarget } from '../syslog/log-target.js';
import { installScript, localBootScript, ownScript, rescueScript, waitScript } from './boot-scripts.js';

const scriptsTotal = defineCounter({
  name: 'rw_boot_scripts_total',
  help: 'Boot scripts served, by kind and by why this one.',
  labels: ['script', 'reason'],
});

export interface BootScriptServiceParts {
  readonly view: RegionView;
  readonly reports: ReportSink;
  readonly sightings: NodeSightings;
  readonly traces: BootTraces;
  /** Where the installer of a machine that reaches us at `baseUrl` sends syslog. */
  readonly logTarget: (baseUrl: string) => LogTarget | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface ServedScript {
  readonly text: string;
  readonly choice: BootScriptChoice;
}

/** Whether handing out this script has no effect, so that it can be given again without a second thought. */
export function isRepeatable({ script, reason }: BootScriptChoice): boolean {
  return (script === 'wait' || script === 'local-boot') && reason !== 'boot-override' && reason !== 'token-consumed';
}

/** What handing out a script says about the attempt. */
type Noted = { readonly kind: 'script-served'; readonly traceparent?: string } | { readonly kind: 'disk-boot-served' };

function traced(traceparent: string | undefined): { readonly traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent };
}

/** The profile the RAM OS comes from. */
const RAM_OS_PROFILE = 'image';

/** Which script a machine gets now, and what follows from handing it out. */
export class BootScriptService {
  readonly #parts: BootScriptServiceParts;
  readonly #served: CounterMetric<'script' | 'reason'>;
  readonly #counts = new Map<string, number>();

  constructor(parts: BootScriptServiceParts) {
    this.#parts = parts;
    this.#served = parts.metrics.counter(scriptsTotal);
  }

  count(script: BootScriptChoice['script']): number {
    return this.#counts.get(script) ?? 0;
  }

  /** The choice for a machine, changing nothing. */
  choose(mac: Mac): BootScriptChoice {
    const { view } = this.#parts;
    const node = view.nodeByMac(mac);
    const task = view.taskByMac(mac);
    const reservation = view.reservationByMac(mac);
    return chooseBootScript({
      ...(reservation === undefined ? {} : { allowNetboot: reservation.allow_netboot }),
      hasOwnScript: reservation?.boot_script !== undefined,
      ...(node === undefined ? {} : { node }),
      ...(task === undefined ? {} : { task }),
    });
  }

  /** The script as it would be, with nothing applied. `token` stands for the boot token. */
  preview(mac: Mac, baseUrl: string, token: string): string {
    const task = this.#parts.view.taskByMac(mac);
    const masked = task === undefined ? undefined : { ...task, boot: { ...task.boot, token } };
    return this.#render(mac, { choice: this.choose(mac), task: masked, baseUrl });
  }

  /** Hands a machine its script. An install script counts as a boot of the attempt, which may end a boot loop. */
  async serve(mac: Mac, baseUrl: string): Promise<ServedScript> {
    const { view, sightings, logger, traces } = this.#parts;
    let choice = this.choose(mac);
    let task = view.taskByMac(mac);
    if (choice.script === 'install' && task !== undefined) {
      task = await this.#note(task, { kind: 'script-served', ...traced(traces.of(mac)) });
      choice = chooseBootScript({ task });
    } else if (choice.reason === 'token-consumed' && task !== undefined) {
      task = await this.#note(task, { kind: 'disk-boot-served' });
    }
    const text = this.#render(mac, { choice, task, baseUrl });
    this.countServed(choice);
    logger.info({ mac, ...choice, sn: task?.sn, trace: traces.of(mac) }, 'boot script served');
    if (choice.reason === 'boot-override') await sightings.consumeBootOverride(mac);
    return { text, choice };
  }

  /** A script left the region. */
  countServed(choice: BootScriptChoice): void {
    this.#counts.set(choice.script, this.count(choice.script) + 1);
    this.#served.increment({ script: choice.script, reason: choice.reason });
  }

  async #note(task: Task, what: Noted): Promise<Task> {
    const { reports, clock } = this.#parts;
    const reported = await reports.report(task.sn, { ...what, taskId: task.task_id, at: formatInstant(clock.now()) });
    if (reported.ok) return reported.value;
    // Something else happened to the task meanwhile: the machine asks again and gets what is right then.
    throw new ProblemError('unavailable', `The boot could not be recorded: ${reported.fault.code}`, {
      headers: { 'retry-after': '5' },
    });
  }

  #render(
    mac: Mac,
    {
      choice,
      task,
      baseUrl,
    }: { readonly choice: BootScriptChoice; readonly task: Task | undefined; readonly baseUrl: string },
  ): string {
    const script = this.#build(mac, { choice, task, baseUrl });
    if (script.ok) return script.value;
    this.#parts.logger.error(
      { mac, sn: task?.sn, fault: script.fault },
      'a boot script cannot be written as it was asked',
    );
    throw new ProblemError('unavailable', `The script of this machine cannot be written: ${script.fault.code}`);
  }

  #build(
    mac: Mac,
    {
      choice,
      task,
      baseUrl,
    }: { readonly choice: BootScriptChoice; readonly task: Task | undefined; readonly baseUrl: string },
  ): ReturnType<typeof waitScript> {
    const own = this.#parts.view.reservationByMac(mac)?.boot_script;
    switch (choice.script) {
      case 'own':
        return own === undefined ? waitScript(baseUrl, mac) : ownScript(own, baseUrl, mac);
      case 'wait':
        return waitScript(baseUrl, mac);
      case 'local-boot':
        return localBootScript();
      case 'rescue':
        return rescueScript({ profile: this.#profile(RAM_OS_PROFILE), baseUrl, mac });
      case 'install':
        if (task === undefined) return waitScript(baseUrl, mac);
        return installScript({
          task,
          profile: this.#profile(task.profile),
          baseUrl,
          log: this.#parts.logTarget(baseUrl),
        });
    }
  }

  #profile(name: string): Profile {
    const found = findProfile(this.#parts.view.profiles(), { profile: name, os_type: name, os_version: '' });
    if (found !== undefined) return found;
    throw new ProblemError('unavailable', `The profile ${name} does not exist here`);
  }
}
