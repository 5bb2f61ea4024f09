import { formatStructuredData } from './structured-data.js';
import { priorityOf, type SyslogMessage } from './syslog-message.js';

/** The octets of a message in its format; a plain one is its text. */
export function formatSyslog(message: SyslogMessage): Uint8Array {
  return new TextEncoder().encode(textOf(message));
}

function textOf(message: SyslogMessage): string {
  const { timestamp, hostname, appName, procId, msgId, text } = message;
  const priority = `<${priorityOf(message)}>`;
  switch (message.format) {
    case 'plain':
      return text;
    case 'rfc5424': {
      const header = [timestamp, hostname, appName, procId, msgId].map((field) => field ?? '-').join(' ');
      return `${priority}1 ${header} ${formatStructuredData(message.structuredData)}${text === '' ? '' : ` ${text}`}`;
    }
    case 'rfc3164': {
      const before = [timestamp, hostname].filter((field) => field !== undefined).map((field) => `${field} `);
      const tag = appName === undefined ? '' : `${appName}${procId === undefined ? '' : `[${procId}]`}: `;
      return `${priority}${before.join('')}${tag}${text}`;
    }
  }
}
