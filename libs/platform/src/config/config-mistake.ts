/** One thing wrong with the configuration. */
export interface ConfigMistake {
  /** Where it was given, as the person wrote it: `RW_HTTP_PORT`, `--http-port`, `http.port in /etc/rw.yaml`. */
  readonly where: string;
  /** What is wrong and what is expected. */
  readonly detail: string;
}

/** The message for a person: every mistake on its own line. */
export function formatMistakes(mistakes: readonly ConfigMistake[]): string {
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  return [`${count} in the configuration:`, ...mistakes.map(({ where, detail }) => `  ${where}: ${detail}`), ''].join(
    '\n',
  );
}
