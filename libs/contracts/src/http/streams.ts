import type { Idc } from '@rackwright/kernel';
import { BooleanField, IdcField, IntegerField, TextField } from '../fields/index.js';

const POSITION = { optional: true, min: 0, max: Number.MAX_SAFE_INTEGER, fromQuery: true } as const;
const MAX_LOG_LINES_PER_ANSWER = 1_000;

/** `GET /api/v1/tasks/:idc/:sn/logs`. */
export class ReadLogs {
  @IntegerField({ description: 'Only lines after this position', ...POSITION }) readonly after?: number;
  @BooleanField({ description: 'Stay and send new lines as they come', optional: true, fromQuery: true })
  readonly follow?: boolean;
  @IntegerField({
    description: 'Lines at most (default 100)',
    optional: true,
    min: 1,
    max: MAX_LOG_LINES_PER_ANSWER,
    fromQuery: true,
  })
  readonly limit?: number;
  @TextField({
    description: 'An earlier attempt; default: the present one',
    optional: true,
    maxLength: 64,
    pattern: /^task-[0-9a-f]{8}$/,
    shape: '"task-" and 8 hex digits',
    example: 'task-0a1b2c3d',
  })
  readonly task_id?: string;
}

/** `GET /api/v1/events` and `GET /ws`. */
export class ReadEvents {
  @IntegerField({ description: 'Only events after this position; default: only new ones', ...POSITION })
  readonly after?: number;
  @IdcField({ optional: true, description: 'Only events of this data centre' }) readonly idc?: Idc;
  @TextField({
    description: 'Only these types, separated by commas; `task.*` means every type of that family',
    optional: true,
    maxLength: 1_024,
    pattern: /^[a-z]+\.(?:[a-z_]+|\*)(?:,[a-z]+\.(?:[a-z_]+|\*))*$/,
    shape: 'event types separated by commas',
    example: 'task.*,machine.discovered',
  })
  readonly types?: string;
}

/** `POST /api/v1/tasks/batch`. */
export class BatchOptions {
  @BooleanField({ description: 'Say what would happen and change nothing', optional: true, fromQuery: true })
  readonly dry_run?: boolean;
}
