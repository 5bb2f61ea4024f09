import { formatMac, type Mac } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';

interface MachinePlace {
  readonly idc: string;
  readonly sn: string;
}

/** Where a machine is read. */
export function serverPath({ idc, sn }: MachinePlace): string {
  return `/api/v1/servers/${idc}/${sn}`;
}

export function machineNotFound({ idc, sn }: MachinePlace): ProblemError {
  return new ProblemError('machine-not-found', `There is no machine ${sn} in ${idc}`);
}

export function nothingReported({ idc, mac }: { readonly idc: string; readonly mac: Mac }): ProblemError {
  return new ProblemError('machine-not-found', `No unknown machine with MAC ${formatMac(mac)} reported in ${idc}`);
}

/** The MAC is another machine's. */
export function macTaken(mac: Mac, owner: MachinePlace): ProblemError {
  const detail = `MAC ${formatMac(mac)} belongs to machine ${owner.sn} in ${owner.idc}`;
  return new ProblemError('machine-exists', detail, { headers: { location: serverPath(owner) } });
}

/** The machine is known by another MAC. */
export function machineExists(at: MachinePlace, mac: Mac): ProblemError {
  const detail = `Machine ${at.sn} in ${at.idc} exists with MAC ${formatMac(mac)}`;
  return new ProblemError('machine-exists', detail, { headers: { location: serverPath(at) } });
}
