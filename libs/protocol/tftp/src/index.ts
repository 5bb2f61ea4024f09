export { type RolloverTo } from './block-counter.js';
export { netasciiSize, type ContentRange } from './content-window.js';
export { decodeTftp, errorFor } from './decode-tftp.js';
export { encodeTftp } from './encode-tftp.js';
export { DEFAULT_BLOCK_SIZE_BYTES, negotiate, type Negotiated, type NegotiationLimits } from './negotiate.js';
export {
  defaultReadSessionLimits,
  ReadSession,
  type ReadSessionLimits,
  type ReadSessionOptions,
} from './read-session.js';
export { SendWindow, type ReadOutcome, type SendWindowLimits, type SendWindowOptions } from './send-window.js';
export { refusalOf, tftpPath, type FilenameFault } from './tftp-filename.js';
export {
  ErrorCode,
  errorPacket,
  Opcode,
  type AckPacket,
  type DataPacket,
  type ErrorPacket,
  type OackPacket,
  type TftpOptions,
  type TftpPacket,
  type TftpRequest,
} from './tftp-packet.js';
