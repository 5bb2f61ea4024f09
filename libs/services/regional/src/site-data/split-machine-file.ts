/** A part of a file that can be read by itself. */
export interface FilePiece {
  readonly text: string;
  /** Lines of the file before it. */
  readonly linesBefore: number;
}

/** Read within a few milliseconds: machines that ask meanwhile wait no longer for their answer. */
const PIECE_LENGTH = 4_096;
/** Aliases reach across entries; flow style and explicit keys have no entries that start a line. */
const INSEPARABLE = /(?:^|[\s[{,:-])[&*]\w|^[[\]{}?:!|>%-]|^\.\.\./m;
const LEADING_MARKER = /^(?:[^\S\n]*(?:#.*)?\n)*---[^\S\n]*(?:#.*)?(?:\n|$)/;

/**
 * Divides a machine file between top-level entries: reading a large YAML document at once takes seconds. A file that is
 * not plainly a list of entries comes back whole.
 */
export function piecesOf(text: string): readonly FilePiece[] {
  const marker = LEADING_MARKER.exec(text)?.[0] ?? '';
  const body = text.slice(marker.length);
  if (body.length <= PIECE_LENGTH || /^\s*[[{]/.test(body) || INSEPARABLE.test(body)) return [{ text, linesBefore: 0 }];
  const pieces: FilePiece[] = [];
  let start = 0;
  let linesBefore = countLines(marker);
  while (start < body.length) {
    const end = nextEntry(body, start + PIECE_LENGTH);
    const piece = body.slice(start, end);
    pieces.push({ text: piece, linesBefore });
    linesBefore += countLines(piece);
    start = end;
  }
  return pieces;
}

/** Where the first entry at or after `from` starts: a line that is neither indented, nor empty, nor a comment. */
function nextEntry(body: string, from: number): number {
  const start = /\n(?=[^\s#])/g;
  start.lastIndex = from;
  const found = start.exec(body);
  return found === null ? body.length : found.index + 1;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
