import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Logger } from '@rackwright/kernel';
import { deviceSubjectFilter, deviceTopic, type DeviceMessage } from '@rackwright/contracts';
import type { NatsLink } from './nats-link.js';

/** Receives what devices publish over MQTT, through every session until disposed. */
export class DeviceSubscription implements AsyncDisposable {
  readonly #handler: (message: DeviceMessage) => void;
  readonly #logger: Logger;
  readonly #forget: () => void;
  #subscription: Subscription | undefined;

  constructor(
    link: NatsLink,
    topicFilter: string,
    { handler, logger }: { readonly handler: (message: DeviceMessage) => void; readonly logger: Logger },
  ) {
    this.#handler = handler;
    this.#logger = logger;
    const subject = deviceSubjectFilter(topicFilter);
    this.#forget = link.onSession(({ connection }) => {
      this.#subscription = connection.subscribe(subject, {
        callback: (err, message) => {
          this.#receive(err, message);
        },
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.isClosed()) return;
    // A connection lost meanwhile has nothing left to drain.
    await subscription.drain().catch(() => undefined);
  }

  #receive(err: Error | null, message: Msg): void {
    if (err !== null) {
      this.#logger.error({ err }, 'nats device subscription failed');
      return;
    }
    const topic = deviceTopic(message.subject);
    try {
      this.#handler({ topic, payload: message.data });
    } catch (error) {
      this.#logger.error({ err: error, topic }, 'device message handler failed');
    }
  }
}
