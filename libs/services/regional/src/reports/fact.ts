import type { EventEnvelope, MachineMetaRecord, UnmatchedReportRecord } from '@rackwright/contracts';
import type { MachineReport } from '@rackwright/domain-provisioning';
import type { Instant, Mac, Sn } from '@rackwright/kernel';
import type { BootSighting } from '../nodes/node-registry.port.js';

/**
 * Something that happened and that the region has to write down. While etcd is away facts are kept on disk as JSON,
 * so all of this is plain data.
 */
export type Fact =
  | { readonly kind: 'report'; readonly sn: Sn; readonly report: MachineReport }
  | { readonly kind: 'hardware'; readonly meta: MachineMetaRecord }
  | { readonly kind: 'unmatched'; readonly seen: UnmatchedReportRecord }
  | { readonly kind: 'sighting'; readonly sighting: BootSighting; readonly at: Instant }
  | { readonly kind: 'override-used'; readonly mac: Mac; readonly at: Instant }
  | { readonly kind: 'event'; readonly event: EventEnvelope };

/** Facts of one lane take effect in order. */
export function laneOf(fact: Fact): string {
  switch (fact.kind) {
    case 'report':
      return fact.sn;
    case 'hardware':
      return fact.meta.sn;
    case 'unmatched':
      return fact.seen.mac_address;
    case 'sighting':
      return fact.sighting.mac;
    case 'override-used':
      return fact.mac;
    case 'event':
      return fact.event.id;
  }
}

/** A fact as the journal holds it. */
export interface KeptFact {
  readonly fact: Fact;
  /** It was sent to etcd before and no answer came: it may have taken effect. */
  readonly wasTried: boolean;
}

/** Reads a journal entry; `undefined` when it is not one. Its content was checked before it was written. */
export function parseKeptFact(payload: string): KeptFact | undefined {
  try {
    const kept = JSON.parse(payload) as Partial<KeptFact> | null;
    return kept?.fact === undefined ? undefined : { fact: kept.fact, wasTried: kept.wasTried === true };
  } catch {
    return undefined;
  }
}
