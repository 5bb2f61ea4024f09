import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Task } from '@rackwright/domain-provisioning';
import { parseMac, type Clock, type Logger, type Mac } from '@rackwright/kernel';
import { defineCounter, ProblemError, type CounterMetric, type Metrics } from '@rackwright/platform';
import { baseUrlFor, sourceAddress } from '../http-boot/boot-address.js';
import { isUnchanged, readAsset } from '../http-boot/asset-directory.js';
import { mediaTypeOf } from '../http-boot/media-types.js';
import type { ObjectSender, ServedObject } from '../http-boot/object-sender.js';
import { applyOverlays } from '../http-boot/overlay.js';
import type { TransferMetrics } from '../http-boot/transfer-metrics.js';
import type { RegionView } from '../region-view/region-view.port.js';
import { within } from './deadline.js';
import type { IsoCache } from './iso-cache.js';
import type { IsoContent } from './iso-content.js';
import { isoPatch } from './iso-patch.js';
import type { IsoSource } from './iso-source.js';
import type { LocalIsos } from './local-isos.js';
import { UpstreamError } from './upstream-fault.js';

const refusalsTotal = defineCounter({
  name: 'rw_iso_refusals_total',
  help: 'Requests for patched ISO images that were refused, by reason.',
  labels: ['reason'],
});

export interface IsoRoutesParts {
  readonly cache: IsoCache;
  readonly local: LocalIsos;
  readonly view: RegionView;
  readonly sender: ObjectSender;
  readonly transfers: TransferMetrics;
  readonly publicUrl: () => string;
  readonly magic: string;
  readonly extraArgs: string;
  /** How long a machine waits for octets that are not there yet, before its answer begins. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

type Refusal = 'name-unknown' | 'machine-unknown' | 'not-allowed' | 'mac-invalid';
type IsoRequest = FastifyRequest<{ Params: { mac: string; file: string } }>;

const SUFFIX = '.iso';
const ETAG_DIGITS = 32;
const RETRY_SOON_SECONDS = 5;
const RETRY_LATER_SECONDS = 30;

/** `GET /iso/{mac}/{name}.iso`: an image with the machine's kernel arguments in the place of its magic. */
export class IsoRoutes {
  readonly #parts: IsoRoutesParts;
  readonly #refusals: CounterMetric<'reason'>;

  constructor(parts: IsoRoutesParts) {
    this.#parts = parts;
    this.#refusals = parts.metrics.counter(refusalsTotal);
  }

  mount(server: FastifyInstance): void {
    server.get<{ Params: { mac: string; file: string } }>('/iso/:mac/:file', (request, reply) =>
      this.#serve(request, reply),
    );
  }

  async #serve(request: IsoRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.#parts.sender.requireRoom('iso');
    const mac = parseMac(request.params.mac);
    if (mac === undefined) throw this.#refuse('mac-invalid', request);
    const refusal = this.#refusalOf(mac);
    if (refusal !== undefined) throw this.#refuse(refusal, request);
    const { file } = request.params;
    const name = file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : '';
    const patch = this.#patchFor(mac, request);
    const object = await this.#open(name, patch).catch((error: unknown) => {
      throw this.#failed(error);
    });
    if (object === undefined) throw this.#refuse('name-unknown', request);
    return this.#parts.sender.send(request, reply, object);
  }

  /** A machine that nobody knows and one that may not boot from the network get the same answer. */
  #refusalOf(mac: Mac): Refusal | undefined {
    const { view } = this.#parts;
    const reservation = view.reservationByMac(mac);
    if (reservation?.allow_netboot === false) return 'not-allowed';
    const known = reservation ?? view.taskByMac(mac) ?? view.nodeByMac(mac);
    return known === undefined ? 'machine-unknown' : undefined;
  }

  #refuse(reason: Refusal, request: FastifyRequest): ProblemError {
    const { logger, transfers } = this.#parts;
    this.#refusals.increment({ reason });
    transfers.ended('iso', 'not-found');
    logger.warn({ reason, source: request.ip }, 'ISO refused');
    return new ProblemError('not-found', 'No such file');
  }

  #patchFor(mac: Mac, request: FastifyRequest): Uint8Array {
    const { view, magic, extraArgs, publicUrl, logger, transfers } = this.#parts;
    const baseUrl = baseUrlFor(publicUrl(), view.subnets(), sourceAddress(request.ip));
    const task = view.taskByMac(mac);
    const machine = { mac, baseUrl, extraArgs, ...(isBeingInstalled(task) ? { task } : {}) };
    const patch = isoPatch(machine, magic.length);
    if (patch.ok) return patch.value;
    transfers.ended('iso', 'unavailable');
    logger.error({ mac, fault: patch.fault }, 'the kernel arguments of a machine cannot be put into an ISO');
    throw new ProblemError('unavailable', `The ISO of this machine cannot be made: ${patch.fault.code}`, {
      headers: { 'retry-after': String(RETRY_LATER_SECONDS) },
    });
  }

  async #open(name: string, patch: Uint8Array): Promise<ServedObject | undefined> {
    const { cache, local, clock, waitMs } = this.#parts;
    const source = await cache.find(name);
    if (source !== undefined) return within(this.#openFetched(source, patch), { clock, waitMs, late: closeLate });
    const found = name === '' ? undefined : await within(local.open(name), { clock, waitMs, late: closeLateLocal });
    if (found === undefined) return undefined;
    const { asset, offsets } = found;
    const overlays = offsets.map((offset) => ({ offset, octets: patch }));
    return {
      ...objectOf(asset.sizeBytes, asset.fingerprint, patch),
      read: async (target, position) => {
        const length = await readAsset(asset, target, position);
        applyOverlays(target.subarray(0, length), position, overlays);
        return length;
      },
      isCurrent: () => isUnchanged(asset),
      close: () => asset.handle.close(),
    };
  }

  async #openFetched(source: IsoSource, patch: Uint8Array): Promise<ServedObject> {
    const { clock, waitMs } = this.#parts;
    const content = await source.open();
    const { sizeBytes, identity } = content.facts;
    return {
      ...objectOf(sizeBytes, identity, patch),
      ready: (start) =>
        within(content.waitFor(Math.min(start + 1, sizeBytes)), { clock, waitMs }).catch((error: unknown) => {
          throw this.#failed(error);
        }),
      read: (target, position) => readPatched(content, patch, { target, position }),
      close: () => content.release(),
    };
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof UpstreamError)) return error;
    this.#parts.transfers.ended('iso', error.retryable ? 'unavailable' : 'upstream-failed');
    const seconds = error.retryable ? RETRY_SOON_SECONDS : RETRY_LATER_SECONDS;
    return new ProblemError(error.retryable ? 'unavailable' : 'upstream-failed', error.message, {
      headers: { 'retry-after': String(seconds) },
      cause: error,
    });
  }
}

function isBeingInstalled(task: Task | undefined): task is Task {
  return task?.status === 'approved' || task?.status === 'installing';
}

/** The tag follows from the content and the machine's octets, so it is the same as long as these are. */
function objectOf(
  sizeBytes: number,
  identity: string,
  patch: Uint8Array,
): Pick<ServedObject, 'folder' | 'sizeBytes' | 'etag' | 'mediaType'> {
  const digest = createHash('sha256').update(identity).update('\n').update(patch).digest('hex');
  return { folder: 'iso', sizeBytes, etag: `"${digest.slice(0, ETAG_DIGITS)}"`, mediaType: mediaTypeOf(SUFFIX) };
}

async function readPatched(
  content: IsoContent,
  patch: Uint8Array,
  { target, position }: { readonly target: Uint8Array; readonly position: number },
): Promise<number> {
  const { sizeBytes } = content.facts;
  await content.waitFor(Math.min(position + target.length, sizeBytes));
  const length = await content.read(target, position);
  const overlays = content.offsets.map((offset) => ({ offset, octets: patch }));
  applyOverlays(target.subarray(0, length), position, overlays);
  return length;
}

function closeLate(object: ServedObject): void {
  void object.close();
}

function closeLateLocal(found: Awaited<ReturnType<LocalIsos['open']>>): void {
  void found?.asset.handle.close();
}
