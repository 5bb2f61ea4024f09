import type { BootRefusal, DhcpDecision } from '@rackwright/domain-netboot';

/** Why a machine that would boot from us cannot. */
type MachineRefusal = Exclude<BootRefusal, 'not-a-boot-client'>;

const refusals: readonly MachineRefusal[] = ['netboot-disabled', 'arch-unsupported', 'boot-file-missing'];

/** What a boot client was refused, whether it got an address without it or, from a proxy, no answer. */
export function bootRefusalOf(decision: DhcpDecision): MachineRefusal | undefined {
  const reason = decision.kind === 'reply' ? decision.bootRefusal : decision.reason;
  return refusals.find((each) => each === reason);
}
