export { assertBindAllowed, authModes, isLoopback, type AuthMode } from './config/bind-guard.js';
export { commonSettings } from './config/common-settings.js';
export { formatMistakes, type ConfigMistake } from './config/config-mistake.js';
export { loadConfig, type ConfigInput, type ConfigRequest, type LoadedConfig } from './config/load-config.js';
export {
  optionalSetting,
  requiredSetting,
  setting,
  type ConfigOf,
  type Setting,
  type SettingSpec,
  type SettingTable,
} from './config/setting.js';
export {
  choice,
  duration,
  flag,
  integer,
  list,
  parsed,
  port,
  text,
  url,
  type RawValue,
  type SettingType,
} from './config/setting-type.js';
export { NestLog } from './logging/nest-log.js';
export { PinoLogger, type LogOptions } from './logging/pino-logger.js';
export {
  defineCounter,
  defineGauge,
  defineHistogram,
  LATENCY_BUCKETS_SECONDS,
  type CounterDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  type LabelValues,
} from './metrics/metric-definition.js';
export { Metrics, type CounterMetric, type GaugeMetric, type HistogramMetric } from './metrics/metrics.js';
export { systemClock } from './system-clock.js';
export { systemRandom } from './system-random.js';
export { startTracing, type TracingOptions } from './tracing/start-tracing.js';
export { currentTraceId, currentTraceparent, failSpan, runWithTraceparent, withSpan } from './tracing/with-span.js';
export { LeaderElection, type Lead, type LeaderElectionOptions } from './election/leader-election.js';
export { Health, type CheckResult, type ReadinessCheck } from './health/health.js';
export { parseProxy } from './http/client-address.js';
export { type HttpLimits } from './http/connection-limits.js';
export { createHttpService, type HttpService, type HttpServiceOptions } from './http/create-http-service.js';
export { etagOf, parseIfMatch, requireMatch, type IfMatch } from './http/etag.js';
export { describeApi, type ApiInfo, type ApiPaths } from './http/openapi.js';
export { Route, type RouteSpec } from './http/route.js';
export { type Shortcut } from './http/shortcut.js';
export { pageHeaders, pageOf, type PageAnswer, type PageRequest } from './http/paging.js';
export { IdempotencyLedger, type Claim, type ClaimOutcome } from './idempotency/idempotency-ledger.js';
export { CLOCK, LOGGER, METRICS, PlatformModule, RANDOM, type PlatformPorts } from './platform.module.js';
export { answerError, type ProblemAnswer } from './problems/problem-answer.js';
export { ProblemError, type ProblemOptions } from './problems/problem-error.js';
export { renderProblem } from './problems/render-problem.js';
export { exitCodes, runService, type ServiceContext, type ServiceDefinition } from './run-service.js';
export { settingsReference } from './config/settings-reference.js';
export { processHost, type ServiceHost } from './config/process-host.js';
export { DtoPipe, type DtoOptions } from './validation/dto.pipe.js';
