import type { ConfigMistake } from './config-mistake.js';
import type { RawValue } from './setting-type.js';

/** A value and the place it came from, in the words of the person who gave it. */
export interface GivenValue {
  readonly raw: RawValue;
  readonly where: string;
}

/** What one source says: values by setting key. */
export interface ConfigSource {
  readonly values: ReadonlyMap<string, GivenValue>;
  readonly mistakes: readonly ConfigMistake[];
}
