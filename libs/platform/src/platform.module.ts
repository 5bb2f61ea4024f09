import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock, Logger, Random } from '@rackwright/kernel';
import type { Metrics } from './metrics/metrics.js';

/** Injection tokens of what every service gets: `@Inject(LOGGER) logger: Logger`. */
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
export const RANDOM = Symbol('Random');
export const METRICS = Symbol('Metrics');

/** The ports behind the tokens. */
export interface PlatformPorts {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

/** Provides the ports to all modules of an application. */
@Module({})
export class PlatformModule {
  static forRoot(ports: PlatformPorts): DynamicModule {
    const providers = [
      { provide: LOGGER, useValue: ports.logger },
      { provide: CLOCK, useValue: ports.clock },
      { provide: RANDOM, useValue: ports.random },
      { provide: METRICS, useValue: ports.metrics },
    ];
    return { module: PlatformModule, global: true, providers, exports: [LOGGER, CLOCK, RANDOM, METRICS] };
  }
}
