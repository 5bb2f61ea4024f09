import { defaultDeadlines } from '@rackwright/domain-provisioning';
import {
  assertBindAllowed,
  commonSettings,
  duration,
  integer,
  list,
  setting,
  url,
  type ConfigMistake,
  type ConfigOf,
} from '@rackwright/platform';

/** Every setting of the control plane. */
export const controlPlaneSettings = {
  ...commonSettings,
  logLevel: { ...commonSettings.logLevel, aliases: ['NF_LOG_LEVEL'] },
  webOrigins: setting<readonly string[]>({
    key: 'web.origins',
    type: list(url('http', 'https')),
    default: [],
    description: 'Origins besides its own whose pages may open a WebSocket.',
  }),
  firstBootMs: setting({
    key: 'deadlines.first_boot',
    type: duration(),
    default: defaultDeadlines.firstBootMs,
    description: 'From the approval of a task to the first sign of its machine.',
  }),
  installMs: setting({
    key: 'deadlines.install',
    type: duration(),
    default: defaultDeadlines.installMs,
    description: 'From the start of an installation to its end.',
  }),
  silenceMs: setting({
    key: 'deadlines.silence',
    type: duration(),
    default: defaultDeadlines.silenceMs,
    description: 'Between two signs of progress of an installation.',
  }),
  deadlineGraceMs: setting({
    key: 'deadlines.grace',
    type: duration(),
    default: 60_000,
    description: 'How long after a region or etcd came back the silence of machines does not count.',
  }),
  deadlinePeriodMs: setting({
    key: 'deadlines.period',
    type: duration(),
    default: 1_000,
    description: 'Between two looks at deadlines and at the presence of regions.',
  }),
  leaderTtlSeconds: setting({
    key: 'leader.ttl_seconds',
    type: integer(2, 120),
    default: 10,
    description: 'A replica that leads and dies is replaced within this many seconds.',
  }),
};

/** The configuration of the control plane. */
export type ControlPlaneConfig = ConfigOf<typeof controlPlaneSettings>;

/** Mistakes that only several settings together show. */
export function checkControlPlaneConfig({ httpHost, auth }: ControlPlaneConfig): readonly ConfigMistake[] {
  return assertBindAllowed(httpHost, auth);
}
