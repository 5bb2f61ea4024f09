import type { AddressProbe } from '@rackwright/contracts';
import type { DhcpDecision, LeaseChange, Reply } from '@rackwright/domain-netboot';
import type { EpochMs, Ipv4, Logger } from '@rackwright/kernel';

/** Addresses in use that one DISCOVER may find before it stays without an answer; the client asks again. */
const MAX_CONFLICTS = 3;

type Hold = LeaseChange & { readonly kind: 'hold' };

/** What an {@link OfferProbe} works with. */
export interface OfferProbeParts {
  readonly probe: AddressProbe;
  /** 0: nothing is probed. */
  readonly deadlineMs: number;
  /** How long an address that answered is given to nobody. */
  readonly quarantineMs: number;
  readonly now: () => EpochMs;
  /** Puts an address into quarantine. */
  readonly quarantine: (change: LeaseChange & { readonly kind: 'decline' }) => void;
  readonly logger: Logger;
}

/** Asks on the network whether anybody uses an address before it is offered for the first time: RFC 2131 section 3.1. */
export class OfferProbe {
  readonly #parts: OfferProbeParts;
  readonly #asking = new Set<Ipv4>();

  constructor(parts: OfferProbeParts) {
    this.#parts = parts;
  }

  /** Whether the decision has to wait for an answer. */
  concerns(decision: DhcpDecision): boolean {
    if (this.#parts.deadlineMs === 0 || decision.kind === 'silence') return false;
    return freshHold(decision) !== undefined || this.#isAsking(decision);
  }

  /** The decision to carry out: the first whose address nobody uses. `again` decides anew and applies the outcome. */
  async settle(first: DhcpDecision, again: () => DhcpDecision): Promise<DhcpDecision> {
    let decision = first;
    for (let conflicts = 1; decision.kind === 'reply'; conflicts += 1) {
      if (this.#isAsking(decision)) return { kind: 'silence', reason: 'probe-pending' };
      const hold = freshHold(decision);
      if (hold === undefined || !(await this.#isInUse(hold.ip))) return decision;
      this.#putAside(hold);
      // To decide anew would hold an address that the next DISCOVER takes for one asked about.
      if (conflicts === MAX_CONFLICTS) return { kind: 'silence', reason: 'probe-conflicts' };
      decision = again();
    }
    return decision;
  }

  #isAsking({ fields }: Reply): boolean {
    return fields.yiaddr !== undefined && this.#asking.has(fields.yiaddr.value);
  }

  async #isInUse(ip: Ipv4): Promise<boolean> {
    this.#asking.add(ip);
    try {
      return (await this.#parts.probe.ask(ip, this.#parts.deadlineMs)) === 'in-use';
    } finally {
      this.#asking.delete(ip);
    }
  }

  #putAside({ ip, subnet, mac }: Hold): void {
    const { quarantine, quarantineMs, now, logger } = this.#parts;
    logger.warn({ ip, subnet, mac }, 'an address of a pool is used by somebody it was not given to');
    quarantine({ kind: 'decline', ip, subnet, until: (now() + quarantineMs) as EpochMs });
  }
}

/** The hold of an offer of an address that the client neither has nor was offered before. */
function freshHold({ type, fields, change }: Reply): Hold | undefined {
  const from = fields.yiaddr?.from.kind;
  const isFresh = type === 'offer' && (from === 'pool' || from === 'request');
  return isFresh && change?.kind === 'hold' ? change : undefined;
}
