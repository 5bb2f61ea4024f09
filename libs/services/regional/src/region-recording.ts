import { defineGauge } from '@rackwright/platform';
import type { RegionalParts } from './regional-parts.js';
import type { RegionState } from './region-view/region-state.js';
import { FactDrain } from './reports/fact-drain.js';
import { FactJournal } from './reports/fact-journal.js';
import { FactCounters } from './reports/fact-metrics.js';
import { FactRecorder } from './reports/fact-recorder.js';
import { FactWriter } from './reports/fact-writer.js';

const MEBIBYTE = 1_048_576;

const journalLength = defineGauge({
  name: 'rw_region_journal_entries',
  help: 'Facts kept on disk that etcd does not have yet.',
});
const invalidRecords = defineGauge({
  name: 'rw_region_invalid_records',
  help: 'Stored records of this region that break their schema.',
});

/** Everything that writes facts down. */
export interface Recording {
  readonly recorder: FactRecorder;
  readonly drain: FactDrain;
  readonly journal: FactJournal;
  readonly counters: FactCounters;
}

/** Builds the way of a fact to etcd, by way of the disk while etcd is away. */
export function createRecording(parts: RegionalParts, state: RegionState, instance: string): Recording {
  const { config, metrics } = parts;
  const { idc } = config;
  const counters = new FactCounters(metrics);
  const journal = new FactJournal(parts.factLog, config.journalMaxMb * MEBIBYTE);
  const writer = new FactWriter({ ...parts, idc, state, counters });
  const drain = new FactDrain({ ...parts, idc, instance, state, journal, writer, counters });
  const recorder = new FactRecorder({ ...parts, idc, state, writer, journal, drain, counters });
  metrics.gauge(journalLength).readFrom(() => journal.length);
  metrics.gauge(invalidRecords).readFrom(() => state.invalid.size);
  return { recorder, drain, journal, counters };
}
