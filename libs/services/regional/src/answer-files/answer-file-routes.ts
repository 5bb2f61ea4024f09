import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TemplateEngine } from '@rackwright/contracts';
import { findProfile, type Task } from '@rackwright/domain-provisioning';
import { formatInstant, parseIpv4, parseMac, parseSn, type Clock, type Ipv4, type Logger } from '@rackwright/kernel';
import { defineCounter, ProblemError, type Metrics } from '@rackwright/platform';
import { baseUrlFor, sourceAddress } from '../http-boot/boot-address.js';
import type { RegionView } from '../region-view/region-view.port.js';
import { viewUnconfirmed } from '../region-view/view-unconfirmed.js';
import type { ReportSink } from '../reports/report-sink.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { networkChoiceOf, type AddressHints } from './network-choice.js';
import { renderAnswerFile, type AnswerFileKind } from './render-answer-file.js';

const answersTotal = defineCounter({
  name: 'rw_answer_files_total',
  help: 'Answer files asked for, by file and outcome.',
  labels: ['file', 'outcome'],
});

export interface AnswerFileRoutesParts {
  readonly view: RegionView;
  readonly reports: ReportSink;
  readonly templates: TemplateEngine;
  readonly traces: BootTraces;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly publicUrl: () => string;
}

interface AnswerParams {
  readonly mac?: string;
  readonly sn?: string;
  readonly token?: string;
  readonly file?: string;
}
type AnswerRequest = FastifyRequest<{ Params: AnswerParams; Querystring: Readonly<Record<string, unknown>> }>;

type Refusal = 'task-unknown' | 'token-missing' | 'token-wrong' | 'task-not-installing';

/** Fetching these means that the installer runs. */
const STARTS_INSTALLER: readonly AnswerFileKind[] = ['preseed', 'kickstart', 'user-data'];

const contentTypes: Readonly<Record<AnswerFileKind, string>> = {
  preseed: 'text/plain; charset=utf-8',
  kickstart: 'text/plain; charset=utf-8',
  'user-data': 'text/cloud-config; charset=utf-8',
  'meta-data': 'text/yaml; charset=utf-8',
  'vendor-data': 'text/cloud-config; charset=utf-8',
};

export function contentTypeOf(kind: AnswerFileKind): string {
  return contentTypes[kind];
}

/** Answer files for machines that prove by their boot token that their attempt was approved. */
export class AnswerFileRoutes {
  readonly #parts: AnswerFileRoutesParts;

  constructor(parts: AnswerFileRoutesParts) {
    this.#parts = parts;
  }

  mount(server: FastifyInstance): void {
    const serve = (path: string, kind: AnswerFileKind): void => {
      server.get<{ Params: AnswerParams; Querystring: Readonly<Record<string, unknown>> }>(path, (request, reply) =>
        this.#serve(kind, request, reply),
      );
    };
    serve('/preseed/:mac/preseed.cfg', 'preseed');
    serve('/api/v1/preseed/:sn', 'preseed');
    serve('/kickstart/:sn', 'kickstart');
    serve('/api/v1/kickstart/:sn', 'kickstart');
    for (const kind of ['user-data', 'meta-data', 'vendor-data'] as const) {
      serve(`/autoinstall/:mac/${kind}`, kind);
      // cloud-init appends the file's name to the URL it was given, so the token cannot be in the query there.
      serve(`/autoinstall/:mac/:token/${kind}`, kind);
    }
  }

  async #serve(kind: AnswerFileKind, request: AnswerRequest, reply: FastifyReply): Promise<FastifyReply> {
    const task = this.#taskOf(request.params);
    const refusal = refusalOf(task, tokenOf(request));
    if (refusal !== undefined || task === undefined) throw this.#refuse(kind, refusal ?? 'task-unknown', request);
    const text = this.#render(kind, task, request);
    if (request.method !== 'HEAD' && STARTS_INSTALLER.includes(kind)) await this.#noteStarted(task);
    this.#count(kind, 'served');
    this.#parts.logger.info({ sn: task.sn, task_id: task.task_id, file: kind }, 'answer file served');
    return reply.header('content-type', contentTypes[kind]).header('cache-control', 'no-store').send(text);
  }

  #taskOf({ mac, sn }: AnswerParams): Task | undefined {
    const byMac = mac === undefined ? undefined : parseMac(mac);
    if (byMac !== undefined) return this.#parts.view.taskByMac(byMac);
    const bySn = sn === undefined ? undefined : parseSn(sn);
    return bySn === undefined ? undefined : this.#parts.view.taskBySn(bySn);
  }

  #render(kind: AnswerFileKind, task: Task, request: AnswerRequest): string {
    const { view, templates, logger } = this.#parts;
    const profile = findProfile(view.profiles(), { ...task, profile: task.profile });
    if (profile === undefined)
      throw new ProblemError('profile-not-found', `The profile ${task.profile} does not exist here`);
    const around = { asked: hintsOf(request.query), node: view.nodeByMac(task.mac), subnets: view.subnets() };
    const source = sourceAddress(request.ip);
    const rendered = renderAnswerFile(
      kind,
      {
        task,
        profile,
        baseUrl: baseUrlFor(this.#parts.publicUrl(), view.subnets(), source),
        token: task.boot.token,
        network: networkChoiceOf(task, around),
        ntp: view
          .subnets()
          .flatMap((subnet) => subnet.ntp)
          .slice(0, 4),
      },
      templates,
    );
    if (rendered.ok) return rendered.value;
    this.#count(kind, 'not-rendered');
    logger.error({ sn: task.sn, file: kind, fault: rendered.fault }, 'an answer file cannot be rendered');
    if (rendered.fault.code === 'format-mismatch') throw new ProblemError('not-found', 'No such file');
    throw new ProblemError('unavailable', `The answer file cannot be rendered: ${rendered.fault.code}`);
  }

  async #noteStarted(task: Task): Promise<void> {
    const { reports, clock, traces } = this.#parts;
    const traceparent = traces.of(task.mac);
    const reported = await reports.report(task.sn, {
      kind: 'installer-started',
      taskId: task.task_id,
      at: formatInstant(clock.now()),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    if (reported.ok) return;
    throw new ProblemError('unavailable', `The start of the installer could not be recorded: ${reported.fault.code}`, {
      headers: { 'retry-after': '5' },
    });
  }

  /** One answer for all of them: who asks learns nothing about machines and tasks. */
  #refuse(kind: AnswerFileKind, reason: Refusal, request: AnswerRequest): ProblemError {
    if (tokenOf(request) !== undefined && !this.#parts.view.isConfirmed) return this.#postpone(kind, request);
    this.#count(kind, reason);
    this.#parts.logger.warn({ file: kind, reason, source: request.ip }, 'answer file refused');
    return new ProblemError('not-found', 'No such file');
  }

  /** The task may be newer than the view, and an installer that is told that there is no such file gives up. */
  #postpone(kind: AnswerFileKind, request: AnswerRequest): ProblemError {
    this.#count(kind, 'view-unconfirmed');
    this.#parts.logger.warn({ file: kind, source: request.ip }, 'answer file postponed until etcd was read');
    return viewUnconfirmed();
  }

  #count(file: AnswerFileKind, outcome: Refusal | 'served' | 'not-rendered' | 'view-unconfirmed'): void {
    this.#parts.metrics.counter(answersTotal).increment({ file, outcome });
  }
}

function refusalOf(task: Task | undefined, token: string | undefined): Refusal | undefined {
  if (task === undefined) return 'task-unknown';
  if (token === undefined) return 'token-missing';
  if (!isSameSecret(token, task.boot.token)) return 'token-wrong';
  return task.status === 'approved' || task.status === 'installing' ? undefined : 'task-not-installing';
}

function tokenOf({ params, query, headers }: AnswerRequest): string | undefined {
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const asked = query['token'];
  return params.token ?? bearer ?? (typeof asked === 'string' ? asked : undefined);
}

/** Compares in a time that does not depend on where they differ. */
function isSameSecret(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** `?ip=&netmask=&gateway=&dns=`; an empty value is none. */
function hintsOf(query: Readonly<Record<string, unknown>>): AddressHints {
  const ip = addressOf(query, 'ip');
  const netmask = addressOf(query, 'netmask');
  const gateway = addressOf(query, 'gateway');
  const dns = query['dns'] === undefined || query['dns'] === '' ? undefined : listOf(query['dns']);
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(netmask === undefined ? {} : { netmask }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(dns === undefined ? {} : { dns }),
  };
}

function addressOf(query: Readonly<Record<string, unknown>>, name: string): Ipv4 | undefined {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  const address = typeof value === 'string' ? parseIpv4(value) : undefined;
  if (address === undefined) throw invalid(name, 'must be an IPv4 address');
  return address;
}

function listOf(value: unknown): readonly Ipv4[] {
  const texts = typeof value === 'string' ? value.split(',') : [];
  const addresses = texts.map((text) => parseIpv4(text.trim())).filter((address) => address !== undefined);
  if (addresses.length !== texts.length || addresses.length === 0) {
    throw invalid('dns', 'must be IPv4 addresses separated by commas');
  }
  return addresses;
}

function invalid(name: string, rule: string): ProblemError {
  const detail = `${name} ${rule}`;
  return new ProblemError('invalid-request', detail, { errors: [{ pointer: `/${name}`, detail }] });
}
