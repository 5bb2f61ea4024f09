/** The outcome of an operation whose failure the caller is expected to handle. */
export type Result<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: F };

/** Wraps a success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps an expected failure. */
export function fail<F>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault };
}

/** Why bytes could not be decoded: a stable kebab-case code and the offset where decoding stopped. */
export interface DecodeFault {
  readonly code: string;
  readonly offset: number;
}

/** What a codec returns: a value, or a fault with its offset; codecs never throw and never read past the end. */
export type Decoded<T> = Result<T, DecodeFault>;

/** A decode failure at `offset`. */
export function malformed(code: string, offset: number): { readonly ok: false; readonly fault: DecodeFault } {
  return fail({ code, offset });
}
