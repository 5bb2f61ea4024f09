import { expect, it } from 'vitest';
import { LeaseTable, type DhcpDecision, type DhcpRequest } from '@rackwright/domain-netboot';
import { parseMac, silentLogger, type LogFields, type Logger } from '@rackwright/kernel';
import { Metrics } from '@rackwright/platform';
import { ManualClock } from '@rackwright/testing';
import { BootTraces } from '../tracing/boot-traces.js';
import { DecisionLog } from './decision-log.js';
import { DhcpMetrics } from './dhcp-metrics.js';

const mac = parseMac('020000000001');
const request: DhcpRequest = {
  type: 'discover',
  isBootRequest: true,
  client: { kind: 'pxe', architectures: [7] },
  ...(mac === undefined ? {} : { mac }),
};

function recorded() {
  const warnings: LogFields[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
  const clock = new ManualClock();
  const registry = new Metrics({ processMetrics: false });
  const metrics = new DhcpMetrics(registry, new LeaseTable());
  const log = new DecisionLog({ isDryRun: false, traces: new BootTraces(), metrics, clock, logger });
  return { log, clock, registry, warnings };
}

const missing = (missingFile: string): DhcpDecision => ({ kind: 'silence', reason: 'boot-file-missing', missingFile });

it('complains about a missing boot file once a minute, however many machines want it', async () => {
  const { log, clock, registry, warnings } = recorded();
  for (let count = 0; count < 100; count += 1) log.note(request, missing('ipxe.efi'));
  log.note(request, missing('undionly.kpxe'));
  expect(warnings).toEqual([
    { file: 'ipxe.efi', mac },
    { file: 'undionly.kpxe', mac },
  ]);
  clock.advance(60_000);
  log.note(request, missing('ipxe.efi'));
  expect(warnings).toHaveLength(3);
  expect(await registry.render()).toContain('rw_dhcp_boot_refused_total{reason="boot-file-missing"} 102');
});

it('counts no refusal of a client that does not boot from us', async () => {
  const { log, registry } = recorded();
  log.note(request, { kind: 'silence', reason: 'not-a-boot-client' });
  log.note(request, { kind: 'silence', reason: 'no-record' });
  expect(await registry.render()).not.toContain('rw_dhcp_boot_refused_total{');
});
