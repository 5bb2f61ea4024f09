/**
 * The built-in answer file of the Ubuntu server installer. Every value is written as a JSON string, which is YAML too.
 */
export const autoinstallTemplate = `#cloud-config
# {{ profile.name }} for {{ task.sn }}
autoinstall:
  version: 1
  locale: {{ locale | json }}
  keyboard:
    layout: {{ keyboard | json }}
  timezone: {{ timezone | json }}
  refresh-installer:
    update: false
  early-commands:
    - {{ report.start | json }}
    - {{ report.partitioning | json }}
{%- if network.method == 'static' %}
  network:
    version: 2
    ethernets:
      boot:
        match:
          macaddress: {{ task.mac | json }}
        addresses:
          - {{ network.ip | append: '/' | append: network.prefix | json }}
        routes:
          - to: default
            via: {{ network.gateway | json }}
        nameservers:
          addresses: {{ network.dns | json }}
{%- else %}
  network:
    version: 2
    ethernets:
      boot:
        match:
          macaddress: {{ task.mac | json }}
        dhcp4: true
{%- endif %}
  storage:
    layout:
      name: {% if disk.scheme == 'lvm' %}lvm{% else %}direct{% endif %}
      match:
{%- if disk.by == 'smallest' or disk.by == 'largest' %}
        size: {{ disk.by }}
{%- elsif disk.by == 'wwn' %}
        path: {{ disk.value | prepend: '/dev/disk/by-id/wwn-' | json }}
{%- else %}
        {{ disk.by }}: {{ disk.value | json }}
{%- endif %}
  identity:
    hostname: {{ hostname | json }}
    username: {{ admin_user | json }}
    password: {% if password_hash == '' %}"!"{% else %}{{ password_hash | json }}{% endif %}
  ssh:
    install-server: true
    allow-pw: {% if password_hash == '' %}false{% else %}true{% endif %}
    authorized-keys: {{ ssh_keys | json }}
  packages: {{ packages | json }}
  updates: security
  shutdown: reboot
{%- if site.ntp_server != '' %}
  user-data:
    ntp:
      enabled: true
      servers: {{ site.ntp | json }}
{%- endif %}
  late-commands:
    - {{ report.packages | json }}
{%- if password_hash == '' %}
    - {{ sudo_command | json }}
{%- endif %}
{%- if kernel_args != '' %}
    - {{ kernel_args_command | json }}
{%- endif %}
    - {{ report.completed | json }}
  error-commands:
    - {{ report.failed | json }}
`;

/** cloud-init's own data about the installer environment. */
export const metaDataTemplate = `instance-id: {{ task.task_id | json }}
local-hostname: {{ hostname | json }}
`;

export const vendorDataTemplate = '#cloud-config\n{}\n';
