import type { Mac, Sn } from '@rackwright/kernel';
import { JsonField, MacField, ObjectListField, SnField, TextField } from '../fields/index.js';
import { BootExplanation, BootReplay, ExplainBoot, ReplayBoot } from '../http/boot.js';
import { ActOnNode, CreateNode, PatchNode } from '../http/nodes.js';
import { NodeRecord } from '../etcd/records.js';
import { defineRequest } from '../nats/request-contract.js';

/** Asks a region what it would hand to a machine now. */
export class RenderTaskRequest {
  @SnField() readonly sn!: Sn;
}

/** One file as the machine would get it, secrets masked. */
export class RenderedFile {
  @TextField({ description: 'Path below the regional HTTP address', maxLength: 512 }) readonly path!: string;
  @TextField({ description: 'Media type', maxLength: 128 }) readonly content_type!: string;
  @TextField({ description: 'Content', minLength: 0, maxLength: 1_048_576, multiline: true }) readonly content!: string;
}

export class RenderTaskReply {
  @ObjectListField({ description: 'Files', of: RenderedFile, maxItems: 16 }) readonly files!: readonly RenderedFile[];
}

/** `GET /api/v1/tasks/:idc/:sn/rendered`, answered by the region. */
export const RenderTask = defineRequest({
  area: 'boot',
  name: 'render',
  request: RenderTaskRequest,
  reply: RenderTaskReply,
  timeoutMs: 5_000,
});

/** A node as its region holds it, with its etcd revision. */
export class NodeReply extends NodeRecord {
  @TextField({ description: 'etcd revision', maxLength: 24 }) readonly revision!: string;
}

export class CreateNodeRequest extends CreateNode {}

/** `POST /api/v1/nodes`: nodes have one writer, their region. */
export const CreateRegionNode = defineRequest({
  area: 'node',
  name: 'create',
  request: CreateNodeRequest,
  reply: NodeReply,
  timeoutMs: 5_000,
});

export class ActOnNodeRequest extends ActOnNode {
  @MacField() readonly mac!: Mac;
  @TextField({ description: 'Who asked', optional: true, maxLength: 128 }) readonly by?: string;
}

/** `PUT /api/v1/nodes/:mac`. */
export const ActOnRegionNode = defineRequest({
  area: 'node',
  name: 'act',
  request: ActOnNodeRequest,
  reply: NodeReply,
  timeoutMs: 5_000,
});

export class PatchNodeRequest extends PatchNode {
  @MacField() readonly mac!: Mac;
}

/** `PATCH /api/v1/nodes/:mac`. */
export const PatchRegionNode = defineRequest({
  area: 'node',
  name: 'patch',
  request: PatchNodeRequest,
  reply: NodeReply,
  timeoutMs: 5_000,
});

export class DeleteNodeRequest {
  @MacField() readonly mac!: Mac;
}

export class DeleteNodeReply {
  @JsonField({ description: 'The node that was deleted', maxBytes: 65_536 }) readonly deleted!: object;
}

/** `DELETE /api/v1/nodes/:mac`. */
export const DeleteRegionNode = defineRequest({
  area: 'node',
  name: 'delete',
  request: DeleteNodeRequest,
  reply: DeleteNodeReply,
  timeoutMs: 5_000,
});

/** `POST /api/v1/boot/explain`, answered by the region from what it knows. */
export const ExplainRegionBoot = defineRequest({
  area: 'boot',
  name: 'explain',
  request: ExplainBoot,
  reply: BootExplanation,
  timeoutMs: 5_000,
});

/** `POST /api/v1/boot/replay`. */
export const ReplayRegionBoot = defineRequest({
  area: 'boot',
  name: 'replay',
  request: ReplayBoot,
  reply: BootReplay,
  timeoutMs: 10_000,
});
