import { createHash } from 'node:crypto';
import { parseMac, type Mac } from '@rackwright/kernel';

/** What a machine is known by. */
export interface MachineIdentity {
  readonly mac: Mac;
  readonly sn: string;
  /** SMBIOS UUID. */
  readonly uuid: string;
}

/** The UUID a machine of this serial number always has. */
export function uuidOf(sn: string): string {
  const digest = createHash('sha256').update(sn).digest('hex');
  return [8, 4, 4, 4, 12]
    .map((length, index, lengths) => {
      const start = lengths.slice(0, index).reduce((sum, part) => sum + part, 0);
      return digest.slice(start, start + length);
    })
    .join('-');
}

/** The `index`th machine of a fleet: a locally administered MAC and a serial number that name its place. */
export function fleetIdentity(prefix: string, index: number): MachineIdentity {
  const place = createHash('sha256').update(prefix).digest('hex').slice(0, 4);
  const mac = parseMac(`5254${place}${index.toString(16).padStart(4, '0')}`);
  if (mac === undefined) throw new RangeError(`no MAC for machine ${String(index)}`);
  const sn = `${prefix}-${String(index).padStart(3, '0')}`;
  return { mac, sn, uuid: uuidOf(sn) };
}
