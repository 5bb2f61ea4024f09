import { formatMac } from '@rackwright/kernel';
import type { SimulatedMachine } from '@rackwright/testing';

/** What the table shows of a task. */
interface TaskRow {
  readonly status: string;
  readonly percent: number;
}

/** One machine and its task, if any. */
export interface TableRow {
  readonly idc: string;
  readonly machine: SimulatedMachine;
  readonly task: TaskRow | undefined;
}

const BAR_WIDTH = 20;

function bar(percent: number): string {
  const filled = Math.round((percent / 100) * BAR_WIDTH);
  return '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
}

function line({ idc, machine, task }: TableRow): string {
  const percent = task?.percent ?? 0;
  const cells = [
    idc.padEnd(4),
    machine.identity.sn.padEnd(12),
    formatMac(machine.identity.mac).padEnd(18),
    machine.firmware.padEnd(11),
    machine.stage.padEnd(16),
    (task?.status ?? '-').padEnd(11),
    bar(percent),
    `${String(Math.round(percent)).padStart(3)} %`,
  ];
  return cells.join(' ');
}

/** The table as text. */
function renderTable(rows: readonly TableRow[]): string {
  const heading = ['idc ', 'sn'.padEnd(12), 'mac'.padEnd(18), 'firmware'.padEnd(11), 'machine'.padEnd(16), 'task'];
  const done = rows.filter((row) => row.task?.status === 'completed').length;
  return [heading.join(' '), ...rows.map(line), `${String(done)} of ${String(rows.length)} completed`].join('\n');
}

/** Where the table is drawn. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Draws a table again and again: in place on a terminal, else one line per change. */
export class LiveTable {
  readonly #terminal: Terminal;
  #drawnLines = 0;
  readonly #last = new Map<string, string>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  draw(rows: readonly TableRow[]): void {
    if (this.#terminal.isTTY === true) this.#redraw(renderTable(rows));
    else for (const row of rows) this.#mention(row);
  }

  #redraw(text: string): void {
    const lines = text.split('\n');
    const up = this.#drawnLines === 0 ? '' : `\u001b[${String(this.#drawnLines)}A`;
    this.#terminal.write(up + lines.map((content) => `\u001b[2K${content}\n`).join(''));
    this.#drawnLines = lines.length;
  }

  #mention(row: TableRow): void {
    const content = line(row);
    if (this.#last.get(row.machine.identity.sn) === content) return;
    this.#last.set(row.machine.identity.sn, content);
    this.#terminal.write(`${content}\n`);
  }
}
