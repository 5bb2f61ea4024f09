import type { Mac } from '@rackwright/kernel';
import type { NodeRecord, Revision } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';

/** A node as the API shows it; its MAC is in the stored form, 12 hexadecimal digits. */
export interface NodeView extends NodeRecord {
  readonly revision: string;
}

export function nodeView(node: NodeRecord, revision: Revision): NodeView {
  return { ...node, revision: revision.toString() };
}

/** Where a node is read. */
export function nodePath(mac: Mac): string {
  return `/api/v1/nodes/${mac}`;
}

export function nodeNotFound(mac: Mac): ProblemError {
  return new ProblemError('node-not-found', `There is no node with MAC ${mac}`);
}
