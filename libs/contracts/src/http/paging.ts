import { IntegerField, TextField } from '../fields/index.js';

export const DEFAULT_PAGE_LIMIT = 100;
export const MAX_PAGE_LIMIT = 1_000;

/** What every list takes. */
export class PageQuery {
  @IntegerField({
    description: `Items at most (default ${String(DEFAULT_PAGE_LIMIT)})`,
    optional: true,
    min: 1,
    max: MAX_PAGE_LIMIT,
    fromQuery: true,
    example: 100,
  })
  readonly limit?: number;
  @TextField({ description: 'Where the last page ended, from its Link header', optional: true, maxLength: 512 })
  readonly cursor?: string;
}
