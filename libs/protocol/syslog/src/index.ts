export { formatSyslog } from './format-syslog.js';
export { FrameSplitter } from './frame-splitter.js';
export { MAX_MESSAGE_BYTES, parseSyslog } from './parse-syslog.js';
export {
  facilities,
  priorityOf,
  severities,
  splitPriority,
  type Facility,
  type Severity,
  type StructuredElement,
  type SyslogMessage,
} from './syslog-message.js';
