import type { NodeStatus } from '../site-data.js';

/** What a machine's script depends on. */
export interface BootScriptFacts {
  /** Absent: not reserved, or reserved without saying. */
  readonly allowNetboot?: boolean;
  /** The machine has a boot script of its own. */
  readonly hasOwnScript?: boolean;
  readonly node?: { readonly status: NodeStatus; readonly boot_override?: 'local-boot' | 'rescue' };
  readonly task?: {
    readonly status: 'pending' | 'approved' | 'installing' | 'completed' | 'failed' | 'rejected' | 'cancelled';
    readonly boot: { readonly consumed_at?: string };
  };
}

/** Which script a machine gets, and why. */
export interface BootScriptChoice {
  readonly script: 'wait' | 'install' | 'local-boot' | 'rescue' | 'own';
  readonly reason:
    | 'netboot-disabled'
    | 'boot-override'
    | 'task-approved'
    | 'task-not-approved'
    | 'token-consumed'
    | 'task-over'
    | 'own-script'
    | 'machine-unknown'
    | 'machine-discovered'
    | 'machine-in-rescue'
    | 'machine-installed';
}

/**
 * The script by state. Only an approved attempt whose installer has not taken over yet is installed; an unknown machine
 * waits; everything else boots from its disk, also an installed machine whose next task is not approved yet. A script of
 * the machine's own stands in for what its node would get, except for a rescue.
 */
export function chooseBootScript({ allowNetboot, hasOwnScript, node, task }: BootScriptFacts): BootScriptChoice {
  if (allowNetboot === false) return { script: 'local-boot', reason: 'netboot-disabled' };
  if (node?.boot_override !== undefined) return { script: node.boot_override, reason: 'boot-override' };
  if (task !== undefined && decides(task.status)) return scriptOfTask(task);
  if (hasOwnScript === true && node?.status !== 'rescue') return { script: 'own', reason: 'own-script' };
  return scriptOfNode(node, task !== undefined);
}

/** Tasks that nobody approved, or that were called off, leave the machine as it was. */
function decides(status: (BootScriptFacts['task'] & object)['status']): boolean {
  return status !== 'pending' && status !== 'rejected' && status !== 'cancelled';
}

function scriptOfNode(node: BootScriptFacts['node'], hasTask: boolean): BootScriptChoice {
  if (node === undefined) return { script: 'wait', reason: hasTask ? 'task-not-approved' : 'machine-unknown' };
  const { status } = node;
  if (status === 'rescue') return { script: 'rescue', reason: 'machine-in-rescue' };
  if (status === 'discovered') return { script: 'wait', reason: 'machine-discovered' };
  return { script: 'local-boot', reason: 'machine-installed' };
}

function scriptOfTask({ status, boot }: BootScriptFacts['task'] & object): BootScriptChoice {
  if (status !== 'approved' && status !== 'installing') return { script: 'local-boot', reason: 'task-over' };
  return boot.consumed_at === undefined
    ? { script: 'install', reason: 'task-approved' }
    : { script: 'local-boot', reason: 'token-consumed' };
}
