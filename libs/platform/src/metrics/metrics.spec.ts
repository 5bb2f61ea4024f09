import { describe, expect, it } from 'vitest';
import { defineCounter, defineGauge, defineHistogram } from './metric-definition.js';
import { Metrics } from './metrics.js';

const replies = defineCounter({ name: 'rw_dhcp_replies_total', help: 'Replies.', labels: ['kind'] });
const depth = defineGauge({ name: 'rw_queue_depth', help: 'Depth.' });
const latency = defineHistogram({ name: 'rw_latency_seconds', help: 'Latency.', buckets: [0.1, 1] });

describe('Metrics', () => {
  it('counts by label and gives the same counter for the same definition', async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.counter(replies).increment({ kind: 'offer' });
    metrics.counter(replies).add(2, { kind: 'offer' });
    expect(await metrics.render()).toContain('rw_dhcp_replies_total{kind="offer"} 3');
  });

  it('reads counts kept elsewhere at the scrape, beside what is counted here', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const counter = metrics.counter(replies);
    let offers = 2;
    counter.readFrom(() => offers, { kind: 'offer' });
    counter.increment({ kind: 'nak' });
    expect(await metrics.render()).toContain('rw_dhcp_replies_total{kind="offer"} 2');
    offers = 5;
    const text = await metrics.render();
    expect(text).toContain('rw_dhcp_replies_total{kind="offer"} 5');
    expect(text).toContain('rw_dhcp_replies_total{kind="nak"} 1');
  });

  it('reads gauges at the scrape and keeps two registries apart', async () => {
    const metrics = new Metrics({ processMetrics: false });
    let value = 1;
    metrics.gauge(depth).readFrom(() => value);
    value = 7;
    expect(await metrics.render()).toContain('rw_queue_depth 7');
    const other = new Metrics({ processMetrics: false });
    other.gauge(depth).add(4);
    expect(await other.render()).toContain('rw_queue_depth 4');
  });

  it('reads each series of a gauge with labels at the scrape', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const leases = metrics.gauge(defineGauge({ name: 'rw_leases', help: 'Leases.', labels: ['state'] }));
    let active = 1;
    leases.readFrom(() => active, { state: 'active' });
    leases.readFrom(() => 5, { state: 'expired' });
    active = 2;
    const text = await metrics.render();
    expect(text).toContain('rw_leases{state="active"} 2');
    expect(text).toContain('rw_leases{state="expired"} 5');
  });

  it('forgets a series that is gone', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const online = defineGauge({ name: 'rw_region_online', help: 'Online.', labels: ['idc'] });
    metrics.gauge(online).set(1, { idc: 'dc1' });
    metrics.gauge(online).remove({ idc: 'dc1' });
    expect(await metrics.render()).not.toContain('dc1');
  });

  it('fills histogram buckets and shows the process', async () => {
    const metrics = new Metrics();
    metrics.histogram(latency).observe(0.5);
    const text = await metrics.render();
    expect(text).toContain('rw_latency_seconds_bucket{le="1"} 1');
    expect(text).toContain('rw_latency_seconds_bucket{le="0.1"} 0');
    expect(text).toContain('process_resident_memory_bytes');
  });
});
