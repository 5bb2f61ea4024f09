import { authModes } from './bind-guard.js';
import { optionalSetting, setting } from './setting.js';
import { choice, integer, list, port, text, url } from './setting-type.js';

/** Settings every service has. Spread into the service's own table; override `httpPort` with its own default. */
export const commonSettings = {
  httpHost: setting({
    key: 'http.host',
    type: text('an address or a host name'),
    default: '127.0.0.1',
    description: 'Address to serve HTTP on. Anything but loopback needs authentication or RW_AUTH=off-i-understand.',
  }),
  httpPort: setting({ key: 'http.port', type: port(), default: 8080, description: 'Port to serve HTTP on.' }),
  httpBodyLimitBytes: setting({
    key: 'http.body_limit_bytes',
    type: integer(1_024, 64 * 1_048_576),
    default: 1_048_576,
    description: 'Largest request body accepted, in bytes.',
  }),
  etcdEndpoints: setting<readonly string[]>({
    key: 'etcd.endpoints',
    type: list(url('http', 'https')),
    default: ['http://127.0.0.1:2379'],
    description: 'etcd servers.',
  }),
  natsUrl: setting<readonly string[]>({
    key: 'nats.url',
    type: list(url('nats', 'tls', 'ws', 'wss')),
    default: ['nats://127.0.0.1:4222'],
    description: 'NATS servers.',
  }),
  auth: setting({
    key: 'auth',
    type: choice(...authModes),
    default: 'none' as const,
    description: 'Authentication. off-i-understand allows listeners on other than loopback addresses without any.',
  }),
  logLevel: setting({
    key: 'log.level',
    type: choice('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info' as const,
    description: 'Least severe log line written.',
  }),
  otlpEndpoint: optionalSetting({
    key: 'otlp.endpoint',
    type: url('http', 'https'),
    aliases: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    description: 'Base URL of an OpenTelemetry collector (OTLP over HTTP). Without it no trace leaves the process.',
  }),
};
