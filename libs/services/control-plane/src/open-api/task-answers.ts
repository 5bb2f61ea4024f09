import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { RenderedFile, TaskRecord } from '@rackwright/contracts';

/** A task. */
export class TaskAnswer extends OmitType(TaskRecord, ['boot', 'event_count', 'auto_approve'] as const) {
  @ApiProperty({ required: false, format: 'date-time', description: 'When the task fails unless it gets on' })
  readonly deadline_at?: string;
  @ApiProperty({ description: 'etcd revision; also in ETag', example: '42' }) readonly revision!: string;
}

/** A line of an install log. */
export class LogLineAnswer {
  @ApiProperty({ type: 'integer', description: 'Position, for `after`' }) readonly seq!: number;
  @ApiProperty({ format: 'date-time' }) readonly at!: string;
  @ApiProperty({ type: String }) readonly text!: string;
  @ApiProperty({ type: String }) readonly task_id!: string;
}

/** The files a task would render now. */
export class RenderedAnswer {
  @ApiProperty({ type: [RenderedFile] }) readonly files!: readonly RenderedFile[];
}

/** How one item of a batch went: `task` or `problem`. */
export class BatchItemAnswer {
  @ApiProperty({ type: 'integer', description: 'Position in the request, from 0' }) readonly index!: number;
  @ApiProperty({ type: 'integer', description: '201, or 200 with dry_run, or that of the problem' })
  readonly status!: number;
  @ApiProperty({ required: false, type: TaskAnswer }) readonly task?: TaskAnswer;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Problem (RFC 9457)' })
  readonly problem?: object;
}
