import fc from 'fast-check';

/** How long to look for an input that breaks a property. */
export interface FuzzEffort {
  readonly numRuns: number;
  /** Ends earlier when this time is over. */
  readonly maxMs?: number;
  /** To see a finding again. */
  readonly seed?: number;
}

/** What was found. */
export interface FuzzOutcome {
  readonly hasFailed: boolean;
  readonly numRuns: number;
  readonly seed: number;
  /** Of a failure: the seed, the smallest input that breaks the property, and how. */
  readonly report: string;
}

/** Something that holds for every input. */
export interface FuzzProperty {
  readonly name: string;
  /** Looks for an input that breaks it. */
  check(effort: FuzzEffort): FuzzOutcome;
}

/** A property from the inputs it is about and a check that throws at one that breaks it. */
export function property<T>(name: string, arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): FuzzProperty {
  return {
    name,
    check: ({ numRuns, maxMs, seed }) => {
      const details = fc.check(fc.property(arbitrary, holds), {
        numRuns,
        ...(maxMs === undefined ? {} : { interruptAfterTimeLimit: maxMs }),
        ...(seed === undefined ? {} : { seed }),
      });
      return {
        hasFailed: details.failed,
        numRuns: details.numRuns,
        seed: details.seed,
        report: fc.defaultReportMessage(details) ?? '',
      };
    },
  };
}

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const POISON = 0xa5;
const MARGIN_BYTES = 32;

/** The same octets in the middle of others: what is decoded must not depend on those. */
export function embedded(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 2 * MARGIN_BYTES).fill(POISON);
  around.set(bytes, MARGIN_BYTES);
  return around.subarray(MARGIN_BYTES, MARGIN_BYTES + bytes.length);
}
