/** One option as it stands in a packet. */
export interface WireOption {
  readonly code: number;
  readonly value: Uint8Array;
}

const OPTIONS_OFFSET = 240;

/** The options field in wire order, pads left out, and whether an end option closes it. */
export function wireOptions(bytes: Uint8Array): { readonly options: readonly WireOption[]; readonly hasEnd: boolean } {
  const options: WireOption[] = [];
  let at = OPTIONS_OFFSET;
  while (at < bytes.length) {
    const code = bytes[at] ?? 0;
    if (code === 255) return { options, hasEnd: true };
    const length = code === 0 ? -1 : (bytes[at + 1] ?? 0);
    if (code !== 0) options.push({ code, value: bytes.subarray(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return { options, hasEnd: false };
}

/** An options field in exactly this order, one instance for each entry, closed by an end option. */
export function optionOctets(options: readonly WireOption[]): Uint8Array {
  return Uint8Array.from([...options.flatMap(({ code, value }) => [code, value.length, ...value]), 255]);
}
