/** A word no shell expands or splits: POSIX single quotes. The text must not hold line ends or NUL. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
