/** Facilities by their code: RFC 5424 section 6.2.1, spelled as syslog configurations do. */
export const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;
export type Facility = (typeof facilities)[number];

/** Severities by their code: RFC 5424 section 6.2.1. */
export const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export type Severity = (typeof severities)[number];

/** An element of structured data: RFC 5424 section 6.3. Names may repeat, and their order counts. */
export interface StructuredElement {
  readonly id: string;
  readonly params: readonly { readonly name: string; readonly value: string }[];
}

/** A message, of either format or none. */
export interface SyslogMessage {
  /** `plain`: it follows neither RFC, and all of it is the text. */
  readonly format: 'rfc5424' | 'rfc3164' | 'plain';
  readonly facility: Facility;
  readonly severity: Severity;
  /** As sent: that of RFC 3164 knows neither year nor zone. */
  readonly timestamp?: string;
  readonly hostname?: string;
  readonly appName?: string;
  readonly procId?: string;
  readonly msgId?: string;
  readonly structuredData: readonly StructuredElement[];
  readonly text: string;
}

/** What a relay assumes of a message without a priority: RFC 3164 section 4.3.3. */
export const DEFAULT_PRIORITY = 13;

/** Facility and severity of a priority value; `undefined` beyond 191. */
export function splitPriority(value: number): Pick<SyslogMessage, 'facility' | 'severity'> | undefined {
  const facility = facilities[value >> 3];
  const severity = severities[value & 7];
  return facility === undefined || severity === undefined ? undefined : { facility, severity };
}

/** The priority value of a facility and a severity. */
export function priorityOf({ facility, severity }: Pick<SyslogMessage, 'facility' | 'severity'>): number {
  return facilities.indexOf(facility) * 8 + severities.indexOf(severity);
}
