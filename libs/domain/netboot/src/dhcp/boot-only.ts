import { silence, type BootRefusal, type DhcpDecision, type Destination, type Reply } from './dhcp-decision.js';
import { bootServerDestination, destinationOf } from './destination.js';
import type { BootExchange } from './exchange.js';
import { planBoot } from './plan-boot.js';
import { serverIdField } from './reply.js';

/**
 * Answers with what to boot and nothing else: a proxy's OFFER beside the DHCP server of somebody else (PXE 2.1 section
 * 2.2.3), and the boot server on port 4011, which every mode has.
 */
export function decideBootOnly(exchange: BootExchange): DhcpDecision {
  const { request, arrival, view, mac, reservation } = exchange;
  if (request.client.vendorClass === undefined) return silence('not-a-boot-client');
  if (view.mode === 'proxy' && !view.isKnown(mac)) return silence('unknown-machine');
  if (view.mode === 'reservation' && reservation === undefined) return silence('unknown-machine');
  if (arrival.service === 'boot-server') {
    const isAsked = request.type === 'request' || request.type === 'inform';
    return isAsked ? bootReply(exchange, 'ack', bootServerDestination(exchange)) : silence('type-not-served');
  }
  if (request.type !== 'discover') return silence('proxy-offers-only');
  return bootReply(exchange, 'offer', destinationOf(exchange, undefined));
}

function bootReply(exchange: BootExchange, type: 'offer' | 'ack', to: Destination): DhcpDecision {
  const boot = planBoot(exchange);
  if (!boot.ok) return refused(boot.refusal, boot.missingFile);
  const { ciaddr, client } = exchange.request;
  const { vendorClass } = client;
  const fields: Reply['fields'] = {
    ...(type === 'ack' && ciaddr !== undefined ? { ciaddr: { value: ciaddr, from: { kind: 'request' } } } : {}),
    ...serverIdField(exchange),
    // A client tells a proxy from a DHCP server by its class, and iPXE is a client of a proxy like its firmware was.
    ...(vendorClass === undefined ? {} : { vendorClass: { value: vendorClass, from: { kind: 'protocol' } } }),
    ...(vendorClass === 'PXEClient' ? { pxeVendor: { value: 'plain', from: { kind: 'protocol' } } } : {}),
    ...boot.fields,
  };
  const reason = type === 'offer' ? 'offer-boot-only' : 'ack-boot-server';
  return { kind: 'reply', type, reason, to, fields };
}

function refused(refusal: BootRefusal, missingFile: string | undefined): DhcpDecision {
  const decision = silence(refusal);
  return missingFile === undefined ? decision : { ...decision, missingFile };
}
