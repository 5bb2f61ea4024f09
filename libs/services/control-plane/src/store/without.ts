/** A copy of `value` without some of its members. */
export function without<T extends object, K extends keyof T>(value: T, ...members: readonly K[]): Omit<T, K> {
  const copy: Partial<T> = {};
  // Deleting from a copy would make every later use of it slow.
  for (const name of Object.keys(value) as (keyof T)[]) {
    if (!(members as readonly (keyof T)[]).includes(name)) copy[name] = value[name];
  }
  return copy as Omit<T, K>;
}
