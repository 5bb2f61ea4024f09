declare const brand: unique symbol;

/** A nominal type: only the `parse…` function of its module makes one, so a raw string cannot stand in for it. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
