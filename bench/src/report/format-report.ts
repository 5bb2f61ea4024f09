import { formatQuantity, verdictOf, type Figure } from './figure.js';
import type { Surroundings } from './surroundings.js';

const COLUMNS = ['benchmark', 'figure', 'measured', 'target', 'verdict'] as const;

/** The figures as a table in Markdown, which is also readable in a terminal. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = [COLUMNS, COLUMNS.map(() => '---'), ...figures.map(rowOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`).join('\n');
}

/** The same as one JSON document. */
export function formatJson(surroundings: Surroundings, figures: readonly Figure[]): string {
  return JSON.stringify(
    { ...surroundings, figures: figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) })) },
    undefined,
    2,
  );
}

function pad(cell: string, width: number): string {
  return cell === '---' ? '-'.repeat(width) : cell.padEnd(width);
}

function rowOf(figure: Figure): readonly string[] {
  const { benchmark, name, value, unit } = figure;
  return [benchmark, name, formatQuantity(value, unit), targetOf(figure), verdictOf(figure) ?? ''];
}

function targetOf({ target, unit }: Figure): string {
  if (target === undefined) return '';
  const limit = `${target.bound === 'at-most' ? '<=' : '>='} ${formatQuantity(target.limit, unit)}`;
  return target.because === undefined ? limit : `${limit} (${target.because})`;
}
