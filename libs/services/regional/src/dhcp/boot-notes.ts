import type { BootRefusal, DhcpRequest, Reply, Silence } from '@rackwright/domain-netboot';
import type { Clock, Idc, Logger, Mac } from '@rackwright/kernel';
import type { NodeSightings } from '../nodes/node-registry.port.js';
import type { EventSink } from '../reports/report-sink.js';
import { bootRefusalOf } from './boot-refusal.js';
import { bootEvent, type BootStarts } from './boot-starts.js';

export interface BootNotesParts {
  readonly idc: Idc;
  readonly nodes: NodeSightings;
  readonly events: EventSink;
  readonly boots: BootStarts;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells the rest of the region about boot clients that were answered. */
export class BootNotes {
  readonly #parts: BootNotesParts;

  constructor(parts: BootNotesParts) {
    this.#parts = parts;
  }

  note(request: DhcpRequest, reply: Reply): void {
    const { mac, client } = request;
    if (mac === undefined || client.kind === 'none') return;
    const { bootRefusal, fields } = reply;
    const isProxied = fields.yiaddr === undefined;
    if (reply.type === 'ack' || (reply.type === 'offer' && isProxied)) this.#noteSighting(mac, request, reply);
    if (reply.type === 'offer')
      void this.#noteStart(mac, request, { refusal: bootRefusal, file: fields.bootFile?.value });
  }

  /** A proxy says nothing to a machine that it has nothing to boot for; the region hears of it all the same. */
  noteSilence(request: DhcpRequest, decision: Silence): void {
    const refusal = bootRefusalOf(decision);
    if (refusal === undefined || request.mac === undefined || request.type !== 'discover') return;
    void this.#noteStart(request.mac, request, { refusal });
  }

  #noteSighting(mac: Mac, { client, ciaddr }: DhcpRequest, { fields }: Reply): void {
    const [arch] = client.architectures;
    const gateway = fields.routers?.value[0];
    const ip = fields.yiaddr?.value ?? ciaddr;
    void this.#parts.nodes.noteBootClient({
      mac,
      ...(ip === undefined ? {} : { ip }),
      ...(fields.subnetMask === undefined ? {} : { netmask: fields.subnetMask.value }),
      ...(gateway === undefined ? {} : { gateway }),
      ...(fields.dns === undefined ? {} : { dns: fields.dns.value }),
      ...(arch === undefined ? {} : { arch: String(arch) }),
    });
  }

  async #noteStart(
    mac: Mac,
    request: DhcpRequest,
    { refusal, file }: { readonly refusal: BootRefusal | undefined; readonly file?: string | undefined },
  ): Promise<void> {
    const { boots, events, idc, clock, logger } = this.#parts;
    const traceparent = await boots.note(mac, request);
    if (traceparent === undefined) return;
    const type = refusal === undefined ? 'boot.requested' : 'boot.refused';
    const data = {
      client: request.client.kind,
      architectures: request.client.architectures,
      ...(refusal === undefined ? { boot_file: file } : { reason: refusal }),
    };
    try {
      await events.record(bootEvent(type, { idc, mac, traceparent, clock }, data));
    } catch (error) {
      logger.warn({ err: error, mac, type }, 'an event of the boot path could not be kept');
    }
  }
}
