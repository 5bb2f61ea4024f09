/** Opcodes: RFC 1350 section 5, RFC 2347. */
export const Opcode = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const;

/** Error codes: RFC 1350 appendix I, RFC 2347. */
export const ErrorCode = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileAlreadyExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

/** Options by lower-case name, in the order they came. */
export type TftpOptions = ReadonlyMap<string, string>;

/** A request to read (`rrq`) or write (`wrq`) a file. */
export interface TftpRequest {
  readonly kind: 'rrq' | 'wrq';
  /** As sent, one character per UTF-8 code point; not yet safe to use as a path. */
  readonly filename: string;
  /** In lower case. */
  readonly mode: string;
  readonly options: TftpOptions;
}

export interface DataPacket {
  readonly kind: 'data';
  /** The 16 bits on the wire. */
  readonly block: number;
  readonly data: Uint8Array;
}

export interface AckPacket {
  readonly kind: 'ack';
  readonly block: number;
}

export interface ErrorPacket {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
}

export interface OackPacket {
  readonly kind: 'oack';
  readonly options: TftpOptions;
}

/** One TFTP datagram as a plain value. */
export type TftpPacket = TftpRequest | DataPacket | AckPacket | ErrorPacket | OackPacket;

/** An ERROR packet. */
export function errorPacket(code: number, message: string): ErrorPacket {
  return { kind: 'error', code, message };
}
