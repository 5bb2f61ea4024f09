import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { NatsBus } from '@rackwright/adapter-nats-bus';
import { runService, type ServiceContext } from '@rackwright/platform';
import { checkControlPlaneConfig, controlPlaneSettings, createControlPlane } from '@rackwright/service-control-plane';

const packageFile = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

const definition = {
  name: 'control-plane',
  version: packageFile.version,
  settings: controlPlaneSettings,
  check: checkControlPlaneConfig,
};

async function start(context: ServiceContext<typeof controlPlaneSettings>): Promise<AsyncDisposable> {
  const { config, name, clock, random, logger } = context;
  await using starting = new AsyncDisposableStack();
  const store = starting.use(new EtcdStore({ endpoints: config.etcdEndpoints, clock, random, logger }));
  const bus = starting.use(await NatsBus.connect({ servers: config.natsUrl, name, clock, random, logger }));
  starting.use(await createControlPlane({ ...context, store, bus, templates: new LiquidTemplates() }));
  return starting.move();
}

await runService(definition, start);
