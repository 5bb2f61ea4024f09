import type { FastifyReply } from 'fastify';
import { pageHeaders, pageOf } from '@rackwright/platform';

/** A page of a list and what its headers say. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next: string | undefined;
}

/** How a list is ordered: by a text that is unique to each item. */
export interface ListOrder<T> {
  readonly placeOf: (item: T) => string;
  readonly isDescending?: boolean;
}

/** Cuts the page a query asks for out of `items`. */
export function pageItems<T>(
  items: readonly T[],
  query: { readonly limit?: number; readonly cursor?: string },
  { placeOf, isDescending = false }: ListOrder<T>,
): Page<T> {
  const { limit, after } = pageOf(query);
  const sign = isDescending ? -1 : 1;
  const compare = (left: string, right: string): number => (left < right ? -sign : left > right ? sign : 0);
  const placed = items.map((item) => ({ item, place: placeOf(item) }));
  placed.sort((left, right) => compare(left.place, right.place));
  const rest = after === undefined ? placed : placed.filter(({ place }) => compare(place, after) > 0);
  const page = rest.slice(0, limit);
  const next = rest.length > limit ? page.at(-1)?.place : undefined;
  return { items: page.map(({ item }) => item), total: items.length, next };
}

/** Sets the headers of a page and gives its items, changed by `show`. */
export function answerPage<T, V>(page: Page<T>, reply: FastifyReply, show: (item: T) => V): V[] {
  void reply.headers(pageHeaders(reply.request.url, page));
  return page.items.map(show);
}
