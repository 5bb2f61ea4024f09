import { Body, Controller, Headers, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { DeviceQuestion, InstallComplete, OperationComplete } from '@rackwright/contracts';
import { isInInstallQueue, isOperation, nextOperation, type Task } from '@rackwright/domain-provisioning';
import { DtoPipe, ProblemError } from '@rackwright/platform';
import { PUBLIC_ADDRESS, type PublicAddress } from '../public-address.js';
import { BOOT_TOKENS, type BootTokens } from './boot-tokens.js';
import { BootTokenGuard } from './boot-token.guard.js';
import { hardwareConfig, installPlan, operationData, type HardwareConfig, type InstallPlan } from './install-plan.js';
import { MACHINE_AGENTS, type MachineAgents } from './machine-agents.js';

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
  @HttpCode(200)
  @ApiBody({ type: DeviceQuestion })
  async isInInstallQueue(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<object> {
    const task = await this.#agents.contact(this.#tokens.require(authorization, sn));
    return { result: isInInstallQueue(task) };
  }

  @Post('getNextOperation')
  @HttpCode(200)
  @ApiBody({ type: DeviceQuestion })
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
  @HttpCode(200)
  @ApiBody({ type: DeviceQuestion })
  async getHardwareConfig(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<HardwareConfig> {
    return hardwareConfig(await this.#agents.contact(this.#tokens.require(authorization, sn)));
  }

  @Post('getOSInstallConfig')
  @HttpCode(200)
  @ApiBody({ type: DeviceQuestion })
  async getOsInstallConfig(
    @Body(new DtoPipe(DeviceQuestion)) { sn }: DeviceQuestion,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<InstallPlan> {
    return this.#plan(await this.#agents.contact(this.#tokens.require(authorization, sn)));
  }

  @Post('operationComplete')
  @HttpCode(200)
  @ApiBody({ type: OperationComplete })
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
  @HttpCode(200)
  @ApiBody({ type: InstallComplete })
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
