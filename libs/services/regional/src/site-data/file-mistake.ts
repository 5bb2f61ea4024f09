/** A place in a file, both counted from 1. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** Something wrong in a file, and where. */
export interface FileMistake extends FilePosition {
  /** JSON pointer to the value. */
  readonly pointer: string;
  readonly detail: string;
}

/** `line:column: pointer detail`, to be put behind a path. */
export function formatMistake({ line, column, pointer, detail }: FileMistake): string {
  return `${line}:${column}: ${pointer === '' ? '' : `${pointer} `}${detail}`;
}
