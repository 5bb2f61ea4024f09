import { defineCounter, defineGauge } from '@rackwright/platform';

export const stateMetrics = {
  invalidRecords: defineGauge({
    name: 'rw_state_invalid_records',
    help: 'Stored values that break their schema; the last good value of each stays in use',
  }),
  connected: defineGauge({ name: 'rw_state_watch_connected', help: '1 while the watch of the store is established' }),
  fallbackReads: defineCounter({
    name: 'rw_state_fallback_reads_total',
    help: 'Reads served by listing the store because the view had not caught up in time',
  }),
};
