import { Module, type DynamicModule } from '@nestjs/common';
import { BootQuestions } from './boot/boot-questions.js';
import { BootController } from './boot/boot.controller.js';
import { EVENT_PARTS, type EventSseParts } from './events/event-sse.js';
import { EventsController } from './events/events.controller.js';
import { SocketController } from './events/socket.controller.js';
import { LOG_PARTS } from './tasks/log-answer.js';
import { MachinesController } from './machines/machines.controller.js';
import { ServerRegistry } from './machines/server-registry.js';
import { UnmatchedMachines } from './machines/unmatched-machines.js';
import { NetworkController } from './network/network.controller.js';
import { Reservations } from './network/reservations.js';
import { Subnets } from './network/subnets.js';
import { NodeCommands } from './nodes/node-commands.js';
import { NodeDirectory } from './nodes/node-directory.js';
import { NodesController } from './nodes/nodes.controller.js';
import { ProfileCatalog } from './profiles/profile-catalog.js';
import { ProfilesController } from './profiles/profiles.controller.js';
import { RegionDirectory } from './regions/region-directory.js';
import { StateView } from './state-view/state-view.js';
import { LiveStats } from './stats/live-stats.js';
import { StatsController } from './stats/stats.controller.js';
import { TaskBatchController } from './tasks/task-batch.controller.js';
import { TaskCreation } from './tasks/task-creation.js';
import { TaskDecisions } from './tasks/task-decisions.js';
import { TaskDetailsController } from './tasks/task-details.controller.js';
import { TaskReads } from './tasks/task-reads.js';
import { TasksController } from './tasks/tasks.controller.js';

/** What the controllers are given, by class. */
export interface ControlPlaneFeatures {
  readonly view: StateView;
  readonly streaming: EventSseParts;
  readonly creation: TaskCreation;
  readonly decisions: TaskDecisions;
  readonly reads: TaskReads;
  readonly servers: ServerRegistry;
  readonly unmatched: UnmatchedMachines;
  readonly nodes: NodeDirectory;
  readonly commands: NodeCommands;
  readonly stats: LiveStats;
  readonly regions: RegionDirectory;
  readonly subnets: Subnets;
  readonly reservations: Reservations;
  readonly profiles: ProfileCatalog;
  readonly boots: BootQuestions;
}

/** The HTTP side of the control plane. */
@Module({})
export class ControlPlaneModule {
  static with(features: ControlPlaneFeatures): DynamicModule {
    return {
      module: ControlPlaneModule,
      controllers: [
        TaskBatchController,
        TasksController,
        TaskDetailsController,
        MachinesController,
        NodesController,
        StatsController,
        NetworkController,
        ProfilesController,
        BootController,
        EventsController,
        SocketController,
      ],
      providers: [
        { provide: StateView, useValue: features.view },
        { provide: EVENT_PARTS, useValue: features.streaming },
        { provide: LOG_PARTS, useValue: features.streaming },
        { provide: TaskCreation, useValue: features.creation },
        { provide: TaskDecisions, useValue: features.decisions },
        { provide: TaskReads, useValue: features.reads },
        { provide: ServerRegistry, useValue: features.servers },
        { provide: UnmatchedMachines, useValue: features.unmatched },
        { provide: NodeDirectory, useValue: features.nodes },
        { provide: NodeCommands, useValue: features.commands },
        { provide: LiveStats, useValue: features.stats },
        { provide: RegionDirectory, useValue: features.regions },
        { provide: Subnets, useValue: features.subnets },
        { provide: Reservations, useValue: features.reservations },
        { provide: ProfileCatalog, useValue: features.profiles },
        { provide: BootQuestions, useValue: features.boots },
      ],
    };
  }
}
