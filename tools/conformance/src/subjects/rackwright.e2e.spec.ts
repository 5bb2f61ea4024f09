import { beforeAll, describe, expect, it } from 'vitest';
import { dhcpStatements } from '../dhcp/dhcp-statements.js';
import { httpStatements } from '../http/http-statements.js';
import { tftpStatements } from '../tftp/tftp-statements.js';
import type { Report } from '../report.js';
import { playSubject } from './play-subject.js';
import { rackwright } from './rackwright.js';

let report: Report;
beforeAll(async () => {
  report = await playSubject(rackwright);
});

describe('the region on the wire', () => {
  it.each([...dhcpStatements, ...tftpStatements, ...httpStatements].map(({ id, title }) => [id, title]))(
    '%s %s',
    (id) => {
      const played = report.statements.find((statement) => statement.id === id);
      expect([played?.outcome, played?.seen]).toEqual(['pass', expect.anything()]);
    },
  );
});
