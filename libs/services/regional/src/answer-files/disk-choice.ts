import type { Json, Task } from '@rackwright/domain-provisioning';
import { fail, ok, type Result } from '@rackwright/kernel';
import { shellWord } from './shell-text.js';

/** Which disk is installed to; never blindly the first. */
export interface DiskChoice {
  readonly by: 'smallest' | 'largest' | 'path' | 'serial' | 'model' | 'wwn';
  readonly value: string;
  readonly scheme: 'plain' | 'lvm';
}

export interface DiskFault {
  readonly code: 'disk-layout-invalid';
  readonly field: string;
}

const IDENTITY = /^[A-Za-z0-9][A-Za-z0-9 ._:+-]{0,127}$/;
const DEVICE_PATH = /^\/dev\/[A-Za-z0-9][A-Za-z0-9/_.:-]{0,127}$/;
/** 4 GiB: what is smaller is a flash module of the board, not a disk. */
const MIN_DISK_SECTORS = 8_388_608;

type Layout = Readonly<Record<string, Json>>;

function layoutOf(value: Json | undefined): Layout {
  if (typeof value === 'string') return { root_disk: value };
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Layout) : {};
}

/**
 * The disk a task asks for in `disk_layout`: `root_disk` ("smallest", "largest" or a device path), or `serial`, `model`
 * or `wwn`; `scheme` is "plain" or "lvm". Nothing given: the smallest disk, plain.
 */
export function diskChoiceOf(task: Pick<Task, 'disk_layout'>): Result<DiskChoice, DiskFault> {
  const layout = layoutOf(task.disk_layout);
  const scheme = layout['scheme'] ?? 'plain';
  if (scheme !== 'plain' && scheme !== 'lvm') return fail({ code: 'disk-layout-invalid', field: 'scheme' });
  const by = (['serial', 'wwn', 'model'] as const).find((name) => layout[name] !== undefined);
  if (by === undefined) return rootDisk(layout['root_disk'] ?? 'smallest', scheme);
  const value = layout[by];
  if (typeof value !== 'string' || !IDENTITY.test(value)) return fail({ code: 'disk-layout-invalid', field: by });
  return ok({ by, value, scheme });
}

function rootDisk(disk: Json, scheme: DiskChoice['scheme']): Result<DiskChoice, DiskFault> {
  if (disk === 'smallest' || disk === 'largest') return ok({ by: disk, value: '', scheme });
  if (typeof disk !== 'string' || !DEVICE_PATH.test(disk) || disk.includes('..')) {
    return fail({ code: 'disk-layout-invalid', field: 'root_disk' });
  }
  return ok({ by: 'path', value: disk, scheme });
}

const PROPERTY = { serial: 'ID_SERIAL_SHORT', model: 'ID_MODEL', wwn: 'ID_WWN' } as const;

/**
 * Shell lines that set `disk` to the chosen device, or leave it empty: for busybox and for bash, without anything but
 * /sys and udevadm. Removable and read-only devices and those below 4 GiB are never taken.
 */
export function diskPickingShell({ by, value }: DiskChoice): readonly string[] {
  if (by === 'path') return [`disk=${shellWord(value)}`, '[ -b "$disk" ] || disk='];
  return [
    'disk=; best=0',
    'for entry in /sys/block/*; do',
    '  name=${entry##*/}',
    '  case "$name" in loop*|ram*|sr*|fd*|zram*|dm-*|md*|nbd*) continue;; esac',
    '  [ "$(cat "$entry/removable" 2>/dev/null)" = 0 ] || continue',
    '  [ "$(cat "$entry/ro" 2>/dev/null)" = 0 ] || continue',
    '  size=$(cat "$entry/size" 2>/dev/null || echo 0)',
    `  [ "$size" -ge ${MIN_DISK_SECTORS} ] || continue`,
    `  ${matchLine(by, value)}`,
    'done',
  ];
}

function matchLine(by: Exclude<DiskChoice['by'], 'path'>, value: string): string {
  const take = 'disk=/dev/$name; best=$size';
  if (by === 'smallest') return `if [ -z "$disk" ] || [ "$size" -lt "$best" ]; then ${take}; fi`;
  if (by === 'largest') return `if [ "$size" -gt "$best" ]; then ${take}; fi`;
  const wanted = shellWord(`${PROPERTY[by]}=${by === 'model' ? value.replaceAll(' ', '_') : value}`);
  return `if udevadm info --query=property --name="/dev/$name" | grep -Fxq ${wanted}; then ${take}; fi`;
}

/** The lines as one command, for files where a line end ends the command. */
export function onOneLine(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .reduce((command, line) => `${command}${command.endsWith(' do') ? ' ' : '; '}${line}`);
}
