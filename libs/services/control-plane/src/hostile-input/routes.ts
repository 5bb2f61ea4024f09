import {
  ActOnNode,
  ApproveTask,
  BatchOptions,
  BatchTasks,
  ClaimMachine,
  CommandNode,
  CreateNode,
  CreateTask,
  ExplainBoot,
  IdcPath,
  ListNodes,
  ListTasks,
  MachinePath,
  MacPath,
  NodeCommandPath,
  NodePath,
  PageQuery,
  PatchNode,
  ProfilePath,
  PutProfile,
  PutReservation,
  PutServer,
  PutSubnet,
  ReadEvents,
  ReadLogs,
  ReplayBoot,
  SubnetPath,
  TaskReason,
} from '@rackwright/contracts';

type Dto = new () => object;

/** A route, what it takes, and a request it accepts. */
export interface AttackedRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for each field of `path`. */
  readonly route: string;
  readonly path?: { readonly dto: Dto; readonly valid: Readonly<Record<string, string>> };
  readonly query?: Dto;
  readonly body?: { readonly dto: Dto; readonly valid: Readonly<Record<string, unknown>> };
}

const idc = { dto: IdcPath, valid: { idc: 'dc1' } };
const machine = { dto: MachinePath, valid: { idc: 'dc1', sn: 'sn-1' } };
const macPath = { dto: MacPath, valid: { idc: 'dc1', mac: '001a2b3c4d5e' } };
const node = { dto: NodePath, valid: { mac: '001a2b3c4d5e' } };
const command = { dto: NodeCommandPath, valid: { mac: '001a2b3c4d5e', id: 'cmd-0123456789abcdef' } };
const subnet = { dto: SubnetPath, valid: { idc: 'dc1', name: 'rack-1' } };
const profile = { dto: ProfilePath, valid: { name: 'house' } };
const reason = { dto: TaskReason, valid: { reason: 'x' } };
const task = { idc: 'dc1', sn: 'sn-1', mac: '00:1a:2b:3c:4d:5e', os_type: 'ubuntu', os_version: '22.04' };
const recipe = { family: 'debian', version: '12', format: 'preseed', kernel: 'k', initrds: [{ path: 'i' }] };

/** Every route of the control plane that takes anything. */
export const attackedRoutes: readonly AttackedRoute[] = [
  { method: 'POST', route: '/api/v1/tasks', body: { dto: CreateTask, valid: task } },
  { method: 'GET', route: '/api/v1/tasks', query: ListTasks },
  {
    method: 'POST',
    route: '/api/v1/tasks/batch',
    query: BatchOptions,
    body: { dto: BatchTasks, valid: { tasks: [task] } },
  },
  { method: 'GET', route: '/api/v1/tasks/:idc/:sn', path: machine },
  { method: 'DELETE', route: '/api/v1/tasks/:idc/:sn', path: machine },
  { method: 'GET', route: '/api/v1/tasks/:idc/:sn/history', path: machine, query: PageQuery },
  { method: 'GET', route: '/api/v1/tasks/:idc/:sn/logs', path: machine, query: ReadLogs },
  { method: 'GET', route: '/api/v1/tasks/:idc/:sn/rendered', path: machine },
  {
    method: 'POST',
    route: '/api/v1/tasks/:idc/:sn/approve',
    path: machine,
    body: { dto: ApproveTask, valid: { notes: 'ok' } },
  },
  { method: 'POST', route: '/api/v1/tasks/:idc/:sn/reject', path: machine, body: reason },
  { method: 'POST', route: '/api/v1/tasks/:idc/:sn/cancel', path: machine, body: reason },
  { method: 'POST', route: '/api/v1/tasks/:idc/:sn/retry', path: machine, body: reason },
  { method: 'GET', route: '/api/v1/servers/:idc', path: idc, query: PageQuery },
  { method: 'GET', route: '/api/v1/servers/:idc/:sn', path: machine },
  { method: 'PUT', route: '/api/v1/servers/:idc/:sn', path: machine, body: { dto: PutServer, valid: { note: 'x' } } },
  { method: 'DELETE', route: '/api/v1/servers/:idc/:sn', path: machine },
  { method: 'GET', route: '/api/v1/unmatched/:idc', path: idc, query: PageQuery },
  {
    method: 'POST',
    route: '/api/v1/unmatched/:idc/:mac/claim',
    path: macPath,
    body: { dto: ClaimMachine, valid: { sn: 'sn-1' } },
  },
  { method: 'GET', route: '/api/v1/nodes', query: ListNodes },
  { method: 'POST', route: '/api/v1/nodes', body: { dto: CreateNode, valid: { mac: '001a2b3c4d5e', idc: 'dc1' } } },
  { method: 'GET', route: '/api/v1/nodes/:mac', path: node },
  { method: 'PUT', route: '/api/v1/nodes/:mac', path: node, body: { dto: ActOnNode, valid: { action: 'install' } } },
  { method: 'PATCH', route: '/api/v1/nodes/:mac', path: node, body: { dto: PatchNode, valid: { hostname: 'a' } } },
  { method: 'DELETE', route: '/api/v1/nodes/:mac', path: node },
  {
    method: 'POST',
    route: '/api/v1/nodes/:mac/commands',
    path: node,
    body: { dto: CommandNode, valid: { command: 'reboot' } },
  },
  { method: 'GET', route: '/api/v1/nodes/:mac/commands/:id', path: command },
  { method: 'GET', route: '/api/v1/stats/:idc', path: idc },
  { method: 'GET', route: '/api/v1/regions', query: PageQuery },
  { method: 'GET', route: '/api/v1/regions/:idc', path: idc },
  { method: 'GET', route: '/api/v1/leases/:idc', path: idc, query: PageQuery },
  { method: 'GET', route: '/api/v1/subnets/:idc', path: idc, query: PageQuery },
  { method: 'GET', route: '/api/v1/subnets/:idc/:name', path: subnet },
  {
    method: 'PUT',
    route: '/api/v1/subnets/:idc/:name',
    path: subnet,
    body: { dto: PutSubnet, valid: { cidr: '10.0.0.0/24' } },
  },
  { method: 'DELETE', route: '/api/v1/subnets/:idc/:name', path: subnet },
  { method: 'GET', route: '/api/v1/reservations/:idc', path: idc, query: PageQuery },
  { method: 'GET', route: '/api/v1/reservations/:idc/:mac', path: macPath },
  {
    method: 'PUT',
    route: '/api/v1/reservations/:idc/:mac',
    path: macPath,
    body: { dto: PutReservation, valid: { hostname: 'a' } },
  },
  { method: 'DELETE', route: '/api/v1/reservations/:idc/:mac', path: macPath },
  { method: 'GET', route: '/api/v1/profiles', query: PageQuery },
  { method: 'GET', route: '/api/v1/profiles/:name', path: profile },
  { method: 'PUT', route: '/api/v1/profiles/:name', path: profile, body: { dto: PutProfile, valid: recipe } },
  { method: 'DELETE', route: '/api/v1/profiles/:name', path: profile },
  {
    method: 'POST',
    route: '/api/v1/boot/explain',
    body: { dto: ExplainBoot, valid: { idc: 'dc1', mac: '00:1a:2b:3c:4d:5e' } },
  },
  {
    method: 'POST',
    route: '/api/v1/boot/replay',
    body: { dto: ReplayBoot, valid: { idc: 'dc1', packets: [{ packet: '00' }] } },
  },
  { method: 'GET', route: '/api/v1/events', query: ReadEvents },
];
