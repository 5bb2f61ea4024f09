export type Unit = 'ms' | '/s' | 'MB' | 'MB/s' | 'x' | 'count';

/** What a figure has to be. */
interface Target {
  readonly bound: 'at-most' | 'at-least';
  readonly limit: number;
  /** How the limit came about, when it is not a constant. */
  readonly because?: string;
}

/** One measured number. */
export interface Figure {
  readonly benchmark: string;
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  readonly target?: Target;
}

export type Verdict = 'ok' | 'missed';

/** Whether the figure is as it should be; `undefined` when nothing is asked of it. */
export function verdictOf({ value, target }: Figure): Verdict | undefined {
  if (target === undefined) return undefined;
  const isMet = target.bound === 'at-most' ? value <= target.limit : value >= target.limit;
  return isMet ? 'ok' : 'missed';
}

const DIGITS: Readonly<Record<Unit, number>> = { ms: 2, '/s': 0, MB: 0, 'MB/s': 0, x: 2, count: 0 };

/** A number with its unit, as people read it. */
export function formatQuantity(value: number, unit: Unit): string {
  const number = value.toFixed(DIGITS[unit]);
  return unit === 'count' ? number : unit === 'x' ? `${number} x` : unit === '/s' ? `${number}/s` : `${number} ${unit}`;
}
