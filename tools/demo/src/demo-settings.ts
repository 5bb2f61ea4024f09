/** A port of the demonstration, the variable that changes it, and what listens there. */
export interface DemoPort {
  readonly name: string;
  readonly variable: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

const defaults = {
  etcd: ['RW_DEMO_ETCD_PORT', 2379, 'tcp'],
  nats: ['RW_DEMO_NATS_PORT', 4222, 'tcp'],
  mqtt: ['RW_DEMO_MQTT_PORT', 1883, 'tcp'],
  controlPlane: ['RW_DEMO_CONTROL_PLANE_PORT', 8080, 'tcp'],
  dc1Http: ['RW_DEMO_DC1_HTTP_PORT', 8081, 'tcp'],
  dc1Dhcp: ['RW_DEMO_DC1_DHCP_PORT', 6767, 'udp'],
  dc1Tftp: ['RW_DEMO_DC1_TFTP_PORT', 6969, 'udp'],
  dc2Http: ['RW_DEMO_DC2_HTTP_PORT', 8091, 'tcp'],
  dc2Dhcp: ['RW_DEMO_DC2_DHCP_PORT', 6867, 'udp'],
  dc2Tftp: ['RW_DEMO_DC2_TFTP_PORT', 7069, 'udp'],
} as const satisfies Record<string, readonly [string, number, 'tcp' | 'udp']>;

type DemoPortName = keyof typeof defaults;
export type DemoPorts = Readonly<Record<DemoPortName, DemoPort>>;

/** A port variable that is not a port. */
export class InvalidPort extends Error {}

function portOf(name: DemoPortName, env: Readonly<Record<string, string | undefined>>): DemoPort {
  const [variable, fallback, protocol] = defaults[name];
  const text = env[variable];
  const port = text === undefined || text === '' ? fallback : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidPort(`${variable}=${String(text)} is not a port number (1 to 65535)`);
  }
  return { name, variable, port, protocol };
}

/** The ports of the demonstration: unprivileged, each changed by its variable. */
export function demoPorts(env: Readonly<Record<string, string | undefined>>): DemoPorts {
  const names = Object.keys(defaults) as DemoPortName[];
  return Object.fromEntries(names.map((name) => [name, portOf(name, env)])) as Record<DemoPortName, DemoPort>;
}
