import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Ipv4, Mac } from '@rackwright/kernel';
import { parseMac } from '@rackwright/kernel';
import { ProblemError, type Shortcut } from '@rackwright/platform';
import type { LeaseLookup } from '@rackwright/domain-netboot';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { RegionView } from '../region-view/region-view.port.js';
import type { BootTraces } from '../tracing/boot-traces.js';
import { baseUrlFor, sourceAddress } from './boot-address.js';
import { isRepeatable, type BootScriptService } from './boot-script-service.js';
import { introduceScript } from './boot-scripts.js';
import { RepeatedScripts } from './repeated-scripts.js';

export interface ScriptRoutesParts {
  readonly scripts: BootScriptService;
  readonly view: RegionView;
  readonly leases: Pick<LeaseLookup, 'find'>;
  readonly sightings: NodeSightings;
  readonly traces: BootTraces;
  readonly publicUrl: () => string;
}

type ScriptRequest = FastifyRequest<{ Querystring: Readonly<Record<string, unknown>> }>;

const MAX_ARCH_CHARS = 32;

/** The machine's script, by MAC in any spelling or by the address it asks from. */
export class ScriptRoutes implements Disposable {
  readonly #parts: ScriptRoutesParts;
  readonly #repeated: RepeatedScripts;

  constructor(parts: ScriptRoutesParts) {
    this.#parts = parts;
    this.#repeated = new RepeatedScripts({
      ...parts,
      onServed: (choice) => {
        parts.scripts.countServed(choice);
      },
    });
  }

  /** Answers what is asked over and over. */
  get shortcut(): Shortcut {
    return this.#repeated;
  }

  [Symbol.dispose](): void {
    this.#repeated[Symbol.dispose]();
  }

  mount(server: FastifyInstance): void {
    for (const path of ['/boot/:mac/boot.ipxe', '/:mac/auto.ipxe']) {
      server.get<{ Params: { mac: string }; Querystring: Readonly<Record<string, unknown>> }>(
        path,
        (request, reply) => {
          const mac = parseMac(request.params.mac);
          if (mac === undefined) throw new ProblemError('not-found', 'No such script');
          return this.#serve(mac, request, reply);
        },
      );
    }
    server.get<{ Querystring: Readonly<Record<string, unknown>> }>('/auto.ipxe', (request, reply) => {
      const mac = this.#macOf(request);
      return mac === undefined ? this.#introduce(request, reply) : this.#serve(mac, request, reply);
    });
  }

  #macOf(request: ScriptRequest): Mac | undefined {
    const { mac } = request.query;
    if (typeof mac === 'string') return parseMac(mac);
    const source = sourceAddress(request.ip);
    const lease = source === undefined ? undefined : this.#parts.leases.find(source);
    return lease?.state === 'active' ? lease.mac : undefined;
  }

  #introduce(request: ScriptRequest, reply: FastifyReply): FastifyReply {
    const script = introduceScript(this.#baseUrl(request));
    if (!script.ok) throw new ProblemError('unavailable', 'The script cannot be written');
    return answer(reply, script.value);
  }

  /** HEAD shows what GET would answer and changes nothing. */
  async #serve(mac: Mac, request: ScriptRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { scripts, view } = this.#parts;
    const baseUrl = this.#baseUrl(request);
    if (request.method === 'HEAD') {
      const token = view.taskByMac(mac)?.boot.token ?? '';
      return answer(reply, scripts.preview(mac, baseUrl, token));
    }
    this.#note(mac, request);
    const chosenAt = this.#repeated.version;
    const { text, choice } = await scripts.serve(mac, baseUrl);
    if (isRepeatable(choice)) this.#repeated.remember(request.raw, { mac, choice, text, chosenAt });
    return answer(reply, text);
  }

  #note(mac: Mac, request: ScriptRequest): void {
    const source = sourceAddress(request.ip);
    const { arch } = request.query;
    const isUsable = typeof arch === 'string' && arch !== '' && arch.length <= MAX_ARCH_CHARS;
    const leased = source === undefined ? undefined : this.#parts.leases.find(source);
    void this.#parts.sightings.noteBootClient({
      mac,
      ...(source !== undefined && leased?.mac === mac ? { ip: source } : {}),
      ...(isUsable ? { arch } : {}),
    });
  }

  #baseUrl(request: ScriptRequest): string {
    const source: Ipv4 | undefined = sourceAddress(request.ip);
    return baseUrlFor(this.#parts.publicUrl(), this.#parts.view.subnets(), source);
  }
}

function answer(reply: FastifyReply, script: string): FastifyReply {
  return reply.header('content-type', 'text/plain; charset=utf-8').header('cache-control', 'no-store').send(script);
}
