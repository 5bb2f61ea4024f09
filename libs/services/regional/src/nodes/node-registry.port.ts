import type { Ipv4, Mac } from '@rackwright/kernel';

/** A machine seen on the boot path. */
export interface BootSighting {
  readonly mac: Mac;
  /** The address it got or asked from. */
  readonly ip?: Ipv4;
  readonly netmask?: Ipv4;
  readonly gateway?: Ipv4;
  readonly dns?: readonly Ipv4[];
  /** Option 93, or what the script request said. */
  readonly arch?: string;
}

/** The nodes of this region, as the boot path needs them. */
export interface NodeSightings {
  /**
   * Takes note of a boot client: an unknown MAC becomes a `discovered` node with its `machine.discovered` event; a
   * changed address is noted. Cheap when nothing is new; never rejects, so the boot path need not await it.
   */
  noteBootClient(sighting: BootSighting): Promise<void>;
  /** The machine was given the script its `boot_override` asked for: the override is used up. Never rejects. */
  consumeBootOverride(mac: Mac): Promise<void>;
}
