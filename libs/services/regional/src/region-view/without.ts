/** A copy of `value` without the named properties. */
export function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const dropped: ReadonlySet<PropertyKey> = new Set(names);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !dropped.has(name))) as Omit<T, K>;
}
