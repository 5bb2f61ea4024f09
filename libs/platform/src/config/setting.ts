import type { SettingType } from './setting-type.js';

/** How a service declares one setting. */
export interface SettingSpec<T> {
  /** Path in the YAML file: `http.port`. Gives `RW_HTTP_PORT` and `--http-port` unless those are named. */
  readonly key: string;
  readonly type: SettingType<T>;
  readonly description: string;
  readonly env?: string;
  /** Flag name without dashes. */
  readonly flag?: string;
  /** Other environment names that mean the same, in order of precedence after `env`. */
  readonly aliases?: readonly string[];
  /** Hidden when printed; also read from the file named by `<env>_FILE`. */
  readonly secret?: boolean;
}

/** A declared setting: its names in every source, its form and its default. */
export interface Setting<T> {
  readonly key: string;
  readonly type: SettingType<NonNullable<T>>;
  readonly description: string;
  readonly env: string;
  readonly flag: string;
  readonly aliases: readonly string[];
  readonly secret: boolean;
  readonly required: boolean;
  readonly default: T | undefined;
}

/** The settings of a service by property name of its config. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The config a table gives: frozen, every value parsed. */
export type ConfigOf<S extends SettingTable> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

function declare<T>(spec: SettingSpec<NonNullable<T>>, rest: Pick<Setting<T>, 'required' | 'default'>): Setting<T> {
  const words = spec.key.split('.').join('-').replaceAll('_', '-');
  return Object.freeze({
    key: spec.key,
    type: spec.type,
    description: spec.description,
    env: spec.env ?? `RW_${words.replaceAll('-', '_').toUpperCase()}`,
    flag: spec.flag ?? words,
    aliases: spec.aliases ?? [],
    secret: spec.secret ?? false,
    ...rest,
  });
}

/** A setting with a default. */
export function setting<T>(spec: SettingSpec<T> & { readonly default: T }): Setting<T> {
  return declare<T>(spec as SettingSpec<NonNullable<T>>, { required: false, default: spec.default });
}

/** A setting without which the service does not start. */
export function requiredSetting<T>(spec: SettingSpec<T>): Setting<T> {
  return declare<T>(spec as SettingSpec<NonNullable<T>>, { required: true, default: undefined });
}

/** A setting that may be left out; its value is `undefined` then. */
export function optionalSetting<T>(spec: SettingSpec<T>): Setting<T | undefined> {
  return declare<T | undefined>(spec as SettingSpec<NonNullable<T>>, { required: false, default: undefined });
}
