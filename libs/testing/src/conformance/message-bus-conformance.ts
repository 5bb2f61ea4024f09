import { describe } from 'vitest';
import { deviceConformance } from './message-bus/device-conformance.js';
import { eventConformance, eventOutageConformance, followConformance } from './message-bus/event-conformance.js';
import type { MessageBusHarness, WithHarness } from './message-bus/harness.js';
import { logConformance } from './message-bus/log-conformance.js';
import {
  answeredRequestConformance,
  failedRequestConformance,
  garbageConformance,
  problemReplyConformance,
  requestOutageConformance,
} from './message-bus/request-conformance.js';
import { traceConformance } from './message-bus/trace-conformance.js';

export type { BusOutage, MessageBusHarness, RawAnswer } from './message-bus/harness.js';

/** Registers the tests every `MessageBus` must pass; each runs on a fresh harness. */
export function messageBusConformance(adapter: string, start: () => Promise<MessageBusHarness>): void {
  const withHarness: WithHarness = (test) => async () => {
    await using harness = await start();
    await test(harness);
  };
  describe(`MessageBus conformance: ${adapter}`, () => {
    answeredRequestConformance(withHarness);
    failedRequestConformance(withHarness);
    problemReplyConformance(withHarness);
    garbageConformance(withHarness);
    requestOutageConformance(withHarness);
    eventConformance(withHarness);
    followConformance(withHarness);
    eventOutageConformance(withHarness);
    logConformance(withHarness);
    deviceConformance(withHarness);
    traceConformance(withHarness);
  });
}
