/** What systemd puts into the environment of a service with a `.socket` unit: sd_listen_fds(3). */
export interface ListenEnvironment {
  readonly LISTEN_PID?: string | undefined;
  readonly LISTEN_FDS?: string | undefined;
}

const FIRST_DESCRIPTOR = 3;
const MAX_DESCRIPTORS = 64;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** The descriptors passed to the process `pid`; none when the variables are absent or meant for another process. */
export function inheritedDescriptors(environment: ListenEnvironment, pid: number): readonly number[] {
  const { LISTEN_PID: forPid = '', LISTEN_FDS: count = '' } = environment;
  if (!WHOLE_NUMBER.test(count) || forPid !== String(pid)) return [];
  return Array.from({ length: Math.min(Number(count), MAX_DESCRIPTORS) }, (_, index) => FIRST_DESCRIPTOR + index);
}
