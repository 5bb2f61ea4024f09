import type { PageAnswer, PageRequest } from '@rackwright/platform';

/** A page of rows that are in ascending order of `keyOf`. */
export function pageOfRows<T>(
  rows: readonly T[],
  page: PageRequest,
  keyOf: (row: T, index: number) => string,
): PageAnswer & { readonly rows: readonly T[] } {
  const { limit, after } = page;
  const keyed = rows.map((row, index) => ({ row, key: keyOf(row, index) }));
  const rest = after === undefined ? keyed : keyed.filter(({ key }) => key > after);
  const shown = rest.slice(0, limit);
  const next = rest.length > limit ? shown.at(-1)?.key : undefined;
  return { rows: shown.map(({ row }) => row), total: rows.length, next };
}
