/** A value as a source gives it: text from the environment and flags, also a list from YAML. */
export type RawValue = string | readonly string[];

/** How a setting is read and written. `parse` gives `undefined` for what is not of this form. */
export interface SettingType<T> {
  /** Completes "expected …". */
  readonly expected: string;
  parse(raw: RawValue): T | undefined;
  format(value: T): string | readonly string[];
  /** Whether a flag may stand without a value and then means `true`. */
  readonly isSwitch?: boolean;
}

function scalar<T>(expected: string, parse: (text: string) => T | undefined): SettingType<T> {
  return {
    expected,
    parse: (raw) => (typeof raw === 'string' ? parse(raw.trim()) : undefined),
    format: (value) => String(value),
  };
}

/** Any text without control characters. */
export function text(expected = 'text'): SettingType<string> {
  return scalar(expected, (value) => (/\p{Cc}/u.test(value) ? undefined : value));
}

/** Text that a kernel or domain `parse…` function accepts, e.g. an IDC name. */
export function parsed<T extends string | number>(
  expected: string,
  parse: (value: string) => T | undefined,
): SettingType<T> {
  return scalar(expected, parse);
}

/** A whole number within bounds. */
export function integer(min: number, max: number): SettingType<number> {
  return scalar(`a whole number from ${min} to ${max}`, (value) => {
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : NaN;
    return number >= min && number <= max ? number : undefined;
  });
}

/** A port number; 0 lets the system choose. */
export function port(): SettingType<number> {
  return integer(0, 65_535);
}

const SPELLINGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** `true` or `false`. */
export function flag(): SettingType<boolean> {
  return {
    ...scalar('true or false', (value) => {
      const key = value.toLowerCase();
      return Object.hasOwn(SPELLINGS, key) ? SPELLINGS[key] : undefined;
    }),
    isSwitch: true,
  };
}

/** One of the named choices. */
export function choice<const T extends string>(...choices: readonly T[]): SettingType<T> {
  return scalar(`one of ${choices.join(', ')}`, (value) => choices.find((candidate) => candidate === value));
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION_SHAPE = /^(\d{1,10})(ms|s|m|h|d)$/;

/** A duration in milliseconds, written with its unit: `500ms`, `30s`, `15m`, `2h`, `1d`. */
export function duration(): SettingType<number> {
  return {
    ...scalar('a duration such as 500ms, 30s, 15m, 2h or 1d', (value) => {
      const [, amount, unit] = DURATION_SHAPE.exec(value) ?? [];
      return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    }),
    format: formatDuration,
  };
}

function formatDuration(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((candidate) => ms > 0 && ms % UNIT_MS[candidate] === 0) ?? 'ms';
  return `${ms / UNIT_MS[unit]}${unit}`;
}

/** A URL of one of `protocols` (without colon), e.g. `http`. */
export function url(...protocols: readonly string[]): SettingType<string> {
  return scalar(`a URL starting with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`, (value) => {
    if (!URL.canParse(value)) return undefined;
    const parts = new URL(value);
    return protocols.includes(parts.protocol.slice(0, -1)) && parts.hostname !== '' ? value : undefined;
  });
}

/** Several values: a YAML list, or text separated by commas. Empty entries are dropped. */
export function list<T>(item: SettingType<T>): SettingType<readonly T[]> {
  return {
    expected: `a list (comma-separated), each ${item.expected}`,
    parse(raw) {
      const texts = typeof raw === 'string' ? raw.split(',') : raw;
      const values = texts.filter((entry) => entry.trim() !== '').map((entry) => item.parse(entry));
      const accepted = values.filter((value): value is NonNullable<typeof value> => value !== undefined);
      return accepted.length === values.length ? Object.freeze(accepted) : undefined;
    },
    format: (values) => values.map((value) => String(item.format(value))),
  };
}
