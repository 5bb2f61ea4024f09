/** Request body of the documentation's example, for the machine with this number. */
export function createTaskBody(idc: string, number: number): Record<string, string> {
  return { idc, sn: snOf(number), mac: macOf(number), os_type: 'Ubuntu 22.04', os_version: '22.04' };
}

export function snOf(number: number): string {
  return `sn-${String(number).padStart(6, '0')}`;
}

/** Colon spelling, locally administered. */
export function macOf(number: number): string {
  const digits = number.toString(16).padStart(10, '0');
  return `02:${digits.match(/../g)?.join(':') ?? ''}`;
}
