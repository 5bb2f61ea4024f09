import { severities, type SyslogMessage } from '@rackwright/protocol-syslog';

/** Severities that a reader should see: emergencies to warnings. */
const SHOWN = severities.indexOf('warning');

/** A message as a line of an install log: `program[pid] severity: text`. When and from whom are known otherwise. */
export function logTextOf(message: SyslogMessage): string {
  const { appName, procId, severity, structuredData, text } = message;
  const program = appName === undefined ? '' : `${appName}${procId === undefined ? '' : `[${procId}]`}`;
  const grade = severities.indexOf(severity) <= SHOWN ? severity : '';
  const label = [program, grade].filter((part) => part !== '').join(' ');
  const data = structuredData.map(({ id, params }) => {
    const pairs = params.map(({ name, value }) => `${name}=${value}`);
    return `(${[id, ...pairs].join(' ')})`;
  });
  const said = [...data, text].filter((part) => part !== '').join(' ');
  return label === '' ? said : `${label}: ${said}`;
}
