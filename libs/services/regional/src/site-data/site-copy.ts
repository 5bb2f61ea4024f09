/** The contents of a site file, and where it lay. */
export interface SiteCopy {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** One line with the path, then the contents. */
export function formatSiteCopy({ path, bytes }: SiteCopy): string {
  return `${JSON.stringify(path)}\n${new TextDecoder().decode(bytes)}`;
}

/** The contents, if they are those of a file at `path`. */
export function parseSiteCopy(path: string, text: string): Uint8Array | undefined {
  const header = `${JSON.stringify(path)}\n`;
  return text.startsWith(header) ? new TextEncoder().encode(text.slice(header.length)) : undefined;
}
