export { backoffMs, type Backoff } from './backoff.js';
export { type Brand } from './brand.js';
export { ByteReader } from './byte-reader.js';
export { broadcastOf, cidrContains, netmaskOf, networkOf, parseCidr, prefixLengthOf, type Cidr } from './cidr.js';
export {
  formatInstant,
  instantMs,
  parseInstant,
  sleep,
  type Cancel,
  type Clock,
  type EpochMs,
  type Instant,
} from './clock.port.js';
export { IDC_PATTERN, parseIdc, RESERVED_IDC_NAMES, type Idc } from './idc.js';
export {
  ANY_IPV4,
  BROADCAST_IPV4,
  ipv4FromBytes,
  ipv4FromNumber,
  IPV4_PATTERN,
  ipv4ToBytes,
  ipv4ToNumber,
  parseIpv4,
  type Ipv4,
} from './ipv4.js';
export { silentLogger, type LogFields, type Logger } from './logger.port.js';
export { formatMac, macFromBytes, macToBytes, parseMac, type Mac } from './mac.js';
export { isRetryable, OperationalError, type OperationalErrorDetail } from './operational-error.js';
export { randomHex, type Random } from './random.port.js';
export { fail, malformed, ok, type Decoded, type DecodeFault, type Result } from './result.js';
export { parseSn, SN_PATTERN, type Sn } from './sn.js';
