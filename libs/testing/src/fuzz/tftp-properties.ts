import fc from 'fast-check';
import {
  decodeTftp,
  encodeTftp,
  errorFor,
  negotiate,
  ReadSession,
  refusalOf,
  tftpPath,
  type TftpPacket,
  type TftpRequest,
} from '@rackwright/protocol-tftp';
import { embedded, must, property, type FuzzProperty } from './fuzz-property.js';

const MAX_DATAGRAM_BYTES = 1_600;

const text = fc.oneof(
  fc.string({ maxLength: 24 }),
  fc.constantFrom(
    'octet',
    'netascii',
    'mail',
    '../x',
    'blksize',
    'windowsize',
    'timeout',
    'tsize',
    '0',
    '1',
    '65535',
    '8',
  ),
);
const requestOctets = fc
  .tuple(fc.integer({ min: 0, max: 7 }), fc.array(text, { maxLength: 14 }), fc.boolean())
  .map(([opcode, texts, isTerminated]) =>
    Uint8Array.from([0, opcode, ...Buffer.from(texts.join('\0') + (isTerminated ? '\0' : ''), 'utf8')]),
  );
const datagram = fc.oneof(
  requestOctets,
  fc.uint8Array({ maxLength: MAX_DATAGRAM_BYTES }),
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 64 }))
    .map(([opcode, rest]) => Uint8Array.from([0, opcode, ...rest])),
);

function decodesSoundly(bytes: Uint8Array): void {
  const packet = decodeTftp(embedded(bytes));
  if (!packet.ok) {
    must(packet.fault.offset >= 0 && packet.fault.offset <= bytes.length, 'a fault lies outside of the datagram');
    const answer = errorFor(packet.fault);
    must(answer === undefined || encodeTftp(answer).length <= 64, 'a long answer to garbage');
    return;
  }
  const alone = decodeTftp(bytes);
  must(alone.ok, 'what decodes in the middle of others does not decode alone');
  must(
    JSON.stringify(plain(packet.value)) === JSON.stringify(plain(alone.ok ? alone.value : packet.value)),
    'read past the end',
  );
  if (packet.value.kind === 'data') must(packet.value.data.length === bytes.length - 4, 'data of another length');
}

function plain(packet: TftpPacket): unknown {
  return 'options' in packet ? { ...packet, options: [...packet.options] } : packet;
}

function encodesWhatItDecodes(bytes: Uint8Array): void {
  const packet = decodeTftp(bytes);
  if (!packet.ok) return;
  const again = decodeTftp(encodeTftp(packet.value));
  must(again.ok && JSON.stringify(plain(again.value)) === JSON.stringify(plain(packet.value)), 'changed by encoding');
}

function staysBelowTheRoot(name: string): void {
  const path = tftpPath(name);
  if (!path.ok) return;
  const parts = path.value.split('/');
  must(!parts.includes('..') && !parts.includes('') && !parts.includes('.'), `${path.value} is no path below a root`);
  must(!path.value.includes('\0') && !path.value.includes('\\'), `${path.value} has octets it must not have`);
}

const options = fc.dictionary(
  fc.constantFrom('blksize', 'windowsize', 'timeout', 'tsize', 'multicast', '__proto__'),
  fc.oneof(fc.integer({ min: -5, max: 70_000 }).map(String), fc.string({ maxLength: 6 })),
);

function grantsNoMore(asked: Record<string, string>): void {
  const request: TftpRequest = { kind: 'rrq', filename: 'f', mode: 'octet', options: new Map(Object.entries(asked)) };
  const granted = negotiate(request, 5_000, { maxBlockSizeBytes: 65_464, maxWindowBytes: 262_144 });
  for (const [name, value] of granted.accepted) {
    must(Object.hasOwn(asked, name), `${name} was not asked for`);
    if (name === 'blksize' || name === 'windowsize') must(Number(value) <= Number(asked[name]), `${name} grew`);
  }
  must(granted.blockSizeBytes >= 8 && granted.windowBlocks >= 1, 'a transfer that cannot advance');
  must(
    granted.windowBlocks * granted.blockSizeBytes <= Math.max(262_144, granted.blockSizeBytes),
    'a window too large',
  );
}

type Event =
  | { readonly kind: 'packet'; readonly bytes: Uint8Array }
  | { readonly kind: 'ack'; readonly ahead: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'supply'; readonly share: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ack' as const), ahead: fc.integer({ min: -3, max: 6 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('supply' as const), share: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(9_000) }) },
  { weight: 1, arbitrary: datagram.map((bytes) => ({ kind: 'packet' as const, bytes })) },
);

interface Life {
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  readonly isOctet: boolean;
  readonly events: readonly Event[];
}

const life: fc.Arbitrary<Life> = fc.record({
  sizeBytes: fc.nat(20_000),
  blockSizeBytes: fc.integer({ min: 8, max: 2_000 }),
  windowBlocks: fc.integer({ min: 1, max: 9 }),
  isOctet: fc.boolean(),
  events: fc.array(event, { maxLength: 80, size: 'max' }),
});

/** Plays a life of a session and looks at it after every event. */
class Observer {
  readonly #life: Life;
  readonly #session: ReadSession;
  #nowMs = 0;
  #lastBlock = 0;

  constructor(observed: Life) {
    this.#life = observed;
    const { sizeBytes, blockSizeBytes, windowBlocks, isOctet } = observed;
    const asked = new Map([
      ['blksize', String(blockSizeBytes)],
      ['windowsize', String(windowBlocks)],
    ]);
    const request: TftpRequest = { kind: 'rrq', filename: 'f', mode: isOctet ? 'octet' : 'netascii', options: asked };
    this.#session = new ReadSession({ request, sizeBytes, nowMs: 0, limits: { readAheadBytes: 4_096 } });
    this.#look();
  }

  play(): void {
    for (const each of this.#life.events) {
      const wasOver = this.#session.outcome !== undefined;
      this.#apply(each);
      this.#look(wasOver);
    }
  }

  #apply(each: Event): void {
    switch (each.kind) {
      case 'packet': {
        const packet = decodeTftp(each.bytes);
        if (packet.ok) this.#session.receive(packet.value);
        return;
      }
      case 'ack':
        this.#session.receive({ kind: 'ack', block: Math.max(0, this.#lastBlock + each.ahead) & 0xffff });
        return;
      case 'wait':
        this.#nowMs += each.ms;
        this.#session.advance(this.#nowMs);
        return;
      case 'supply':
        this.#supply(each.share);
    }
  }

  #supply(share: number): void {
    const range = this.#session.want();
    if (range === undefined) return;
    must(range.offset + range.length <= this.#life.sizeBytes, 'wants what is behind the end of the file');
    must(range.length > 0, 'wants nothing');
    this.#session.supply(range.offset, new Uint8Array(Math.ceil(range.length * share)));
  }

  #look(wasOver = false): void {
    const sent = this.#session.takeOutgoing();
    const { blockSizeBytes, windowBlocks } = this.#session.negotiated;
    must(!wasOver || sent.length === 0, 'sends after its end');
    must(sent.length <= windowBlocks + 1, 'sends more than a window');
    for (const packet of sent) {
      if (packet.kind !== 'data') continue;
      must(packet.data.length <= blockSizeBytes, 'sends a block too long');
      this.#lastBlock = packet.block;
    }
    must(
      this.#session.bufferedBytes <= 2 * Math.max(4_096 + blockSizeBytes, windowBlocks * blockSizeBytes),
      'holds too much',
    );
    if (this.#session.outcome === undefined) return;
    must(this.#session.bufferedBytes === 0, 'holds content after its end');
    must(this.#session.deadlineMs === undefined && this.#session.want() === undefined, 'wants something after its end');
  }
}

/** What holds for the TFTP codec and the read session whatever comes. */
export const tftpProperties: readonly FuzzProperty[] = [
  property('TFTP: any datagram is decoded within its bounds or refused', datagram, decodesSoundly),
  property('TFTP: what was decoded is the same after encoding', datagram, encodesWhatItDecodes),
  property(
    'TFTP: a name is a path below the root or refused',
    fc.oneof(text, fc.string({ unit: 'binary' })),
    staysBelowTheRoot,
  ),
  property('TFTP: no option is granted beyond what was asked', options, grantsNoMore),
  property('TFTP: any request is answered or refused', requestOctets, (bytes) => {
    const packet = decodeTftp(bytes);
    if (packet.ok && (packet.value.kind === 'rrq' || packet.value.kind === 'wrq')) refusalOf(packet.value);
  }),
  property(
    'TFTP: a session sends and holds a bounded amount whatever happens, and nothing after its end',
    life,
    (observed) => {
      new Observer(observed).play();
    },
  ),
];
