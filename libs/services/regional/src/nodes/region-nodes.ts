import { formatInstant, type Clock, type Logger, type Mac } from '@rackwright/kernel';
import type { Idc } from '@rackwright/kernel';
import type { RegionState } from '../region-view/region-state.js';
import type { Fact } from '../reports/fact.js';
import type { FactRecorder } from '../reports/fact-recorder.js';
import { nodeAfterSighting } from './node-changes.js';
import type { BootSighting, NodeSightings } from './node-registry.port.js';

export interface RegionNodesParts {
  readonly idc: Idc;
  readonly state: RegionState;
  readonly recorder: FactRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Nodes anyone on the network can make the region write, by asking for an address with ever new MACs, end here. */
const MAX_SIGHTINGS_IN_HAND = 1_024;

/** Notes what the boot path sees of machines. */
export class RegionNodes implements NodeSightings {
  readonly #parts: RegionNodesParts;
  readonly #inHand = new Set<Mac>();

  constructor(parts: RegionNodesParts) {
    this.#parts = parts;
  }

  async noteBootClient(sighting: BootSighting): Promise<void> {
    const { idc, state, clock } = this.#parts;
    const at = formatInstant(clock.now());
    if (nodeAfterSighting(state.nodeByMac(sighting.mac), sighting, { idc, at }) === undefined) return;
    if (this.#inHand.has(sighting.mac) || this.#inHand.size >= MAX_SIGHTINGS_IN_HAND) return;
    this.#inHand.add(sighting.mac);
    try {
      await this.#take({ kind: 'sighting', sighting, at });
    } finally {
      this.#inHand.delete(sighting.mac);
    }
  }

  async consumeBootOverride(mac: Mac): Promise<void> {
    if (this.#parts.state.nodeByMac(mac)?.boot_override === undefined) return;
    await this.#take({ kind: 'override-used', mac, at: formatInstant(this.#parts.clock.now()) });
  }

  async #take(fact: Fact): Promise<void> {
    const { recorder, logger } = this.#parts;
    try {
      const taken = await recorder.take(fact);
      if (!taken.ok) logger.warn({ fact, refusal: taken.fault }, 'node change not kept');
    } catch (err) {
      logger.error({ err, fact }, 'node change not kept');
    }
  }
}
