/** A copy of `value` without some of its members. */
export function without<T extends object, K extends keyof T>(value: T, ...members: readonly K[]): Omit<T, K> {
  const copy = { ...value };
  for (const member of members) Reflect.deleteProperty(copy, member);
  return copy;
}
