import type { Node } from '@rackwright/domain-netboot';
import type { Revision } from '@rackwright/contracts';

/** A node as the API shows it. */
export interface NodeView extends Node {
  readonly revision: string;
}

/** Shows a node with its etcd revision. */
export function nodeView(node: Node, revision: Revision): NodeView {
  return { ...node, revision: String(revision) };
}
