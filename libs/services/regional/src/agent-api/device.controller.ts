import { Body, Controller, Headers, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DeviceQuestion, InstallComplete, OperationComplete } from '@rackwright/contracts';
import { isInInstallQueue, isOperation, nextOperation, type Task } from '@rackwright/domain-provisioning';
import { DtoPipe, ProblemError, Route } from '@rackwright/platform';
import {
  HardwareConfigAnswer,
  InstallPlanAnswer,
  OperationAnswer,
  ProgressAnswer,
  QueueAnswer,
} from '../open-api/answers.js';
import { PUBLIC_ADDRESS, type PublicAddress } from '../public-address.js';
import { BOOT_TOKENS, type BootTokens } from './boot-tokens.js';
import { BootTokenGuard } from './boot-token.guard.js';
import { hardwareConfig, installPlan, operationData, type HardwareConfig, type InstallPlan } from './install-plan.js';
import { MACHINE_AGENTS, type MachineAgents } from './machine-agents.js';

const asked = { body: DeviceQuestion, status: 200, isAuthenticated: true } as const;
const told = {
  status: 200,
  answer: ProgressAnswer,
  isAuthenticated: true,
  problems: ['task-not-installing', 'journal-full'],
} as const;

/** `POST /api/v1/device/*`: the verbs of the install agent. */
@ApiTags('agent')
@Controller('api/v1/device')
@UseGuards(BootTokenGuard)
export class DeviceController {
  readonly #agents: MachineAgents;
  readonly #tokens: BootTokens;
  readonly #address: PublicAddress;

  constructor(
    @Inject(MACHINE_AGENTS) agents: MachineAgents,
    @Inject(BOOT_TOKENS) tokens: BootTokens,
    @Inject(PUBLIC_ADDRESS) address: PublicAddress,
  ) {
    this.#agents = agents;
    this.#tokens = tokens;
    this.#address = address;
  }

  @Post('isInInstallQueue')
  @Route({ ...asked, summary: 'Whether the machine is to be installed', answer: QueueAnswer })
  async isInInstallQueue(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = await this.#agents.contact(this.#tokens.require(authorization, sn));
    return { result: isInInstallQueue(task) };
  }

  @Post('getNextOperation')
  @Route({
    ...asked,
    summary: 'What the agent does next; safe to repeat',
    answer: OperationAnswer,
    problems: ['profile-not-found'],
  })
  async getNextOperation(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = await this.#agents.contact(this.#tokens.require(authorization, sn));
    const operation = nextOperation(task);
    const plan = operation === 'os_install' ? this.#plan(task) : undefined;
    return { operation, data: operationData(task, operation, plan) };
  }

  @Post('getHardwareConfig')
  @Route({ ...asked, summary: 'RAID and firmware steps', answer: HardwareConfigAnswer })
  async getHardwareConfig(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<HardwareConfig> {
    return hardwareConfig(await this.#agents.contact(this.#tokens.require(authorization, sn)));
  }

  @Post('getOSInstallConfig')
  @Route({ ...asked, summary: 'The install plan', answer: InstallPlanAnswer, problems: ['profile-not-found'] })
  async getOsInstallConfig(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<InstallPlan> {
    return this.#plan(await this.#agents.contact(this.#tokens.require(authorization, sn)));
  }

  @Post('operationComplete')
  @Route({ ...told, summary: 'Report the end of an operation', body: OperationComplete })
  async operationComplete(
    @Body(new DtoPipe(OperationComplete)) body: OperationComplete,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = this.#tokens.require(authorization, body.sn);
    const { operation, success, message = '' } = body;
    if (!isOperation(operation)) throw new ProblemError('invalid-request', `${operation} is not an operation`);
    return outcome(await this.#agents.report(task, { kind: 'operation-complete', operation, success, message }));
  }

  @Post('installComplete')
  @Route({ ...told, summary: 'Report the end of the installation', body: InstallComplete })
  async installComplete(
    @Body(new DtoPipe(InstallComplete)) body: InstallComplete,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = this.#tokens.require(authorization, body.sn);
    const success = body.status === 'success';
    return outcome(await this.#agents.report(task, { kind: 'install-complete', success, message: body.message ?? '' }));
  }

  #plan(task: Task): InstallPlan {
    return installPlan(task, this.#agents.profileOf(task), this.#address.url);
  }
}

function outcome(task: Task): object {
  return { result: 'accepted', task_id: task.task_id, status: task.status, percent: task.percent };
}
