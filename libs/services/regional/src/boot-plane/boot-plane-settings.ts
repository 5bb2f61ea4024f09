import { dhcpSettings } from '../dhcp/dhcp-settings.js';
import { httpBootSettings } from '../http-boot/http-boot-settings.js';
import { isoSettings } from '../iso/iso-settings.js';
import { syslogSettings } from '../syslog/syslog-settings.js';
import { tftpSettings } from '../tftp/tftp-settings.js';

/** Every setting of DHCP, TFTP, HTTP boot and syslog; spread into the settings of the regional service. */
export const bootPlaneSettings = {
  ...dhcpSettings,
  ...tftpSettings,
  ...httpBootSettings,
  ...isoSettings,
  ...syslogSettings,
};
