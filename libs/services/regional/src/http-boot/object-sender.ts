import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Logger } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import { ChunkBuffers } from './chunk-buffers.js';
import { selectOctets, type Representation } from './octet-range.js';
import { pumpOctets, type ReadOctets } from './pump-octets.js';
import type { FileOutcome, ServedFolder, TransferMetrics } from './transfer-metrics.js';

/** Something that is sent octet by octet: a file, or an ISO with a patch. */
export interface ServedObject extends Representation {
  readonly folder: ServedFolder;
  readonly mediaType: string;
  readonly read: ReadOctets;
  /** Whether it is still what it was when it was opened. */
  readonly isCurrent?: () => Promise<boolean>;
  /** Waits until octets from `start` on can be read; rejects with the problem to answer. */
  ready?(start: number): Promise<void>;
  /** Called once, when nothing of it is read any more. */
  close(): Promise<void>;
}

export interface ObjectSenderParts {
  readonly metrics: TransferMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Transfers at one time; more are asked to come again. */
  readonly maxTransfers: number;
  /** A client that takes nothing for this long is given up. */
  readonly stallMs: number;
}

interface Sending {
  readonly object: ServedObject;
  readonly start: number;
  readonly end: number;
  readonly outcome: 'served' | 'part-served';
}

/** Seconds until a client that found no room asks again. */
const RETRY_AFTER_SECONDS = 5;

/** Sends objects: HEAD, Range, conditional requests, Content-Length, a bounded number at a time. */
export class ObjectSender {
  readonly #parts: ObjectSenderParts;
  readonly #buffers = new ChunkBuffers();

  constructor(parts: ObjectSenderParts) {
    this.#parts = parts;
  }

  /** Refuses with 503 when there is no room; asked before anything is opened. */
  requireRoom(folder: ServedFolder): void {
    const { metrics, maxTransfers } = this.#parts;
    if (metrics.running < maxTransfers) return;
    metrics.ended(folder, 'overloaded');
    throw new ProblemError('unavailable', 'Too many files are being sent', {
      headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    });
  }

  /** Answers with the object, or as much of it as was asked for, and closes it. */
  async send(request: FastifyRequest, reply: FastifyReply, object: ServedObject): Promise<FastifyReply> {
    const { metrics } = this.#parts;
    const selection = selectOctets(request.method, request.headers, object);
    switch (selection.kind) {
      case 'whole':
        return this.#begin(request, reply, { object, start: 0, end: object.sizeBytes, outcome: 'served' });
      case 'part':
        return this.#begin(request, reply, { object, ...selection, outcome: 'part-served' });
      case 'not-modified':
        await object.close();
        metrics.ended(object.folder, 'not-modified');
        return reply.code(304).headers(validatorsOf(object)).send();
      case 'precondition-failed':
        await object.close();
        metrics.ended(object.folder, 'precondition-failed');
        throw new ProblemError('revision-mismatch', 'The file is not the one the request is meant for');
      case 'range-unsatisfiable':
        await object.close();
        metrics.ended(object.folder, 'range-refused');
        throw new ProblemError('range-not-satisfiable', `The file has ${object.sizeBytes} octets`, {
          headers: { 'content-range': `bytes */${object.sizeBytes}` },
        });
    }
  }

  async #begin(request: FastifyRequest, reply: FastifyReply, sending: Sending): Promise<FastifyReply> {
    const { object, start, end, outcome } = sending;
    const isPart = outcome === 'part-served';
    if (request.method === 'GET') await this.#requireReady(object, start);
    reply.hijack();
    const { raw } = reply;
    const headers = {
      ...reply.getHeaders(),
      ...validatorsOf(object),
      'content-type': object.mediaType,
      'content-length': end - start,
      ...(isPart ? { 'content-range': `bytes ${start}-${end - 1}/${object.sizeBytes}` } : {}),
    };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(isPart ? 206 : 200);
    if (request.method === 'HEAD') {
      this.#parts.metrics.ended(object.folder, 'probed');
      raw.end();
      await object.close();
      return reply;
    }
    await this.#transfer(raw, sending);
    return reply;
  }

  async #requireReady(object: ServedObject, start: number): Promise<void> {
    try {
      await object.ready?.(start);
    } catch (error) {
      await object.close();
      throw error;
    }
  }

  async #transfer(response: ServerResponse, { object, start, end, outcome }: Sending): Promise<void> {
    const { metrics, clock, logger, stallMs } = this.#parts;
    response.setTimeout(stallMs, () => response.destroy());
    const startedMs = clock.monotonicMs();
    const buffers = this.#buffers.take(end - start);
    metrics.began();
    const { read, isCurrent } = object;
    const { octets, isIdle, error } = await pumpOctets(response, { read, isCurrent, start, end, buffers });
    this.#buffers.giveBack(buffers, isIdle);
    const ended: FileOutcome = error !== undefined ? 'read-failed' : isIdle ? outcome : 'aborted';
    // A client must not take half a file for a whole one.
    if (ended === outcome) response.end();
    else response.destroy();
    if (error !== undefined) logger.warn({ err: error, folder: object.folder }, 'a file could not be sent to its end');
    metrics.transferred(object.folder, ended, { octets, ms: clock.monotonicMs() - startedMs });
    await object.close();
  }
}

function validatorsOf({ etag, modifiedAtMs }: Representation): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    etag,
    ...(modifiedAtMs === undefined ? {} : { 'last-modified': new Date(modifiedAtMs).toUTCString() }),
  };
}
