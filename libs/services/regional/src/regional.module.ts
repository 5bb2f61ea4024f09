import { Module, type DynamicModule } from '@nestjs/common';
import { AgentReportsController } from './agent-api/agent-reports.controller.js';
import { BootStatusController } from './agent-api/boot-status.controller.js';
import { BOOT_TOKENS, type BootTokens } from './agent-api/boot-tokens.js';
import { DeviceController } from './agent-api/device.controller.js';
import { MACHINE_AGENTS, type MachineAgents } from './agent-api/machine-agents.js';
import { BootExplainController } from './boot-explain/boot-explain.controller.js';
import { BOOT_PLANE, type BootPlane } from './boot-plane.port.js';
import { NODE_DESK, type NodeDesk } from './nodes/node-desk.js';
import { NodesController } from './nodes/nodes.controller.js';
import { PUBLIC_ADDRESS, type PublicAddress } from './public-address.js';
import { InvalidRecordsController } from './region-view/invalid-records.controller.js';
import type { BootTraces } from './tracing/boot-traces.js';
import { REGION_STATE, type RegionState } from './region-view/region-state.js';

/** What the controllers of a region work with. */
export interface RegionalProviders {
  readonly state: RegionState;
  readonly tokens: BootTokens;
  readonly traces: BootTraces;
  readonly agents: MachineAgents;
  readonly desk: NodeDesk;
  readonly plane: BootPlane;
  readonly address: PublicAddress;
}

/** The HTTP API of a region; the boot plane adds its own routes. */
@Module({})
export class RegionalModule {
  static forRoot({ state, tokens, agents, desk, plane, address }: RegionalProviders): DynamicModule {
    return {
      module: RegionalModule,
      controllers: [
        AgentReportsController,
        DeviceController,
        BootStatusController,
        BootExplainController,
        NodesController,
        InvalidRecordsController,
      ],
      providers: [
        { provide: REGION_STATE, useValue: state },
        { provide: BOOT_TOKENS, useValue: tokens },
        { provide: MACHINE_AGENTS, useValue: agents },
        { provide: NODE_DESK, useValue: desk },
        { provide: BOOT_PLANE, useValue: plane },
        { provide: PUBLIC_ADDRESS, useValue: address },
      ],
    };
  }
}
