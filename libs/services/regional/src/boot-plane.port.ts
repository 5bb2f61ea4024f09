import type { RenderedFile } from '@rackwright/contracts';
import type { Sn } from '@rackwright/kernel';
import type { FastifyInstance } from 'fastify';

/** A row of one of the `/api/v1/pxe/…` and `/api/v1/files/…` lists. */
export type StatusRow = Readonly<Record<string, unknown>>;

/** What DHCP, TFTP, HTTP boot and the answer files show to the rest of the region. */
export interface BootPlane extends AsyncDisposable {
  /** Opens the sockets; safe to repeat. Rejects with `OperationalError` when one cannot be opened. */
  start(): Promise<void>;
  /** Closes the sockets: another instance serves this IDC now. {@link start} opens them again. */
  stop(): Promise<void>;
  /** Adds the boot, file and answer-file routes of netboot.md. */
  mount(server: FastifyInstance): void;
  /** Counters for the heartbeat: `dhcp_offers`, `tftp_transfers`, … */
  counters(): Readonly<Record<string, number>>;
  /** The files a machine's task would get now, secrets masked; `undefined` when there is no such task. */
  render(sn: Sn): Promise<readonly RenderedFile[] | undefined>;
  dhcpStatus(): StatusRow;
  dhcpLeases(): Iterable<StatusRow>;
  tftpStatus(): StatusRow;
  /** Files below the folder that `kind` names. Sorted by name. */
  files(kind: 'tftp' | 'static' | 'repos'): Promise<readonly StatusRow[]>;
  /** One row per machine with a boot script that is not the wait loop. */
  bootConfigs(): Iterable<StatusRow>;
}

/** Nest token of {@link BootPlane}. */
export const BOOT_PLANE = Symbol('BootPlane');
