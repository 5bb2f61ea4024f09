import type { DurableDocument } from '@rackwright/contracts';
import { randomHex, type Logger, type Random } from '@rackwright/kernel';

/** Who this installation is, and whether it served its IDC when it ran last. */
export interface InstanceIdentity {
  readonly instance: string;
  readonly wasActive: boolean;
}

const INSTANCE_PATTERN = /^[0-9a-f]{16}$/;

/** The identity on disk; it survives restarts, so that an instance can take its own place again at once. */
export class IdentityDocument {
  readonly #document: DurableDocument;
  #identity: InstanceIdentity;

  private constructor(document: DurableDocument, identity: InstanceIdentity) {
    this.#document = document;
    this.#identity = identity;
  }

  /** Reads the identity, or makes one and writes it down. */
  static async open(
    document: DurableDocument,
    ports: { readonly random: Random; readonly logger: Logger },
  ): Promise<IdentityDocument> {
    const text = await document.read();
    const found = text === undefined ? undefined : parse(text);
    if (text !== undefined && found === undefined)
      ports.logger.error({}, 'identity on disk unreadable; making a new one');
    const identity = found ?? { instance: randomHex(ports.random, 8), wasActive: false };
    const opened = new IdentityDocument(document, identity);
    if (found === undefined) await opened.#write();
    return opened;
  }

  get identity(): InstanceIdentity {
    return this.#identity;
  }

  /** Remembers whether this instance serves its IDC. */
  async noteActive(wasActive: boolean): Promise<void> {
    if (this.#identity.wasActive === wasActive) return;
    this.#identity = { ...this.#identity, wasActive };
    await this.#write();
  }

  #write(): Promise<void> {
    return this.#document.write(JSON.stringify(this.#identity));
  }
}

function parse(text: string): InstanceIdentity | undefined {
  try {
    const { instance, wasActive } = JSON.parse(text) as Partial<InstanceIdentity>;
    if (typeof instance !== 'string' || !INSTANCE_PATTERN.test(instance)) return undefined;
    return { instance, wasActive: wasActive === true };
  } catch {
    return undefined;
  }
}
