import type { DeadlineSettings } from '@rackwright/domain-provisioning';
import type { IdcSettingsRecord } from '@rackwright/contracts';

const MINUTE_MS = 60_000;

/** The deadlines of an IDC: its own settings over those of the service. */
export function deadlinesOf(service: DeadlineSettings, idc: IdcSettingsRecord | undefined): DeadlineSettings {
  const { first_boot_minutes: firstBoot, install_minutes: install, silence_minutes: silence } = idc ?? {};
  return {
    firstBootMs: firstBoot === undefined ? service.firstBootMs : firstBoot * MINUTE_MS,
    installMs: install === undefined ? service.installMs : install * MINUTE_MS,
    silenceMs: silence === undefined ? service.silenceMs : silence * MINUTE_MS,
  };
}
