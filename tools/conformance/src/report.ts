import type { PlayedStatement } from './verdict.js';

/** One server and what it did. */
export interface Report {
  readonly subject: string;
  readonly version: string;
  readonly statements: readonly PlayedStatement[];
}

const marks = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a' } as const;

/** One line per statement. */
export function reportLine({ id, outcome, title, seen }: PlayedStatement): string {
  return `${marks[outcome].padEnd(5)}${id.padEnd(5)}${title}\n          ${seen}\n`;
}

export function summaryOf(statements: readonly PlayedStatement[]): string {
  const count = (outcome: PlayedStatement['outcome']): number =>
    statements.filter((statement) => statement.outcome === outcome).length;
  return `${String(count('pass'))} passed, ${String(count('fail'))} failed, ${String(count('not-applicable'))} not applicable`;
}

/** A table of several servers side by side, and under it what the failures looked like; Markdown. */
export function comparisonTable(reports: readonly Report[]): string {
  const [first] = reports;
  if (first === undefined) return '';
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  const header = ['#', 'statement', 'reference', ...reports.map(({ subject }) => subject)];
  const rows = first.statements.map(({ id, title, reference }) => [
    id,
    title,
    reference,
    ...reports.map(({ statements }) => marks[statements.find((each) => each.id === id)?.outcome ?? 'not-applicable']),
  ]);
  const totals = ['', '', '', ...reports.map(({ statements }) => summaryOf(statements))];
  const table = [header, header.map(() => '---'), ...rows, totals].map((row) => `| ${row.map(cell).join(' | ')} |`);
  const others = reports.flatMap(({ subject, statements }) =>
    statements
      .filter(({ outcome }) => outcome !== 'pass')
      .map(({ id, outcome, seen }) => `- ${subject} ${id}, ${marks[outcome]}: ${cell(seen)}`),
  );
  return `${table.join('\n')}\n\n${others.join('\n')}\n`;
}
