/** The built-in answer file of the Debian installer, bookworm and trixie. */
export const preseedTemplate = `#_preseed_V1
# {{ profile.name }} for {{ task.sn }}
d-i debian-installer/locale string {{ locale }}
d-i keyboard-configuration/xkb-keymap select {{ keyboard }}
d-i netcfg/choose_interface select auto
d-i netcfg/get_hostname string {{ hostname }}
d-i netcfg/get_domain string {{ domain }}
d-i netcfg/hostname string {{ hostname }}
d-i netcfg/wireless_wep string
d-i hw-detect/load_firmware boolean true
{%- if network.method == 'static' %}
d-i netcfg/disable_autoconfig boolean true
d-i netcfg/get_ipaddress string {{ network.ip }}
d-i netcfg/get_netmask string {{ network.netmask }}
d-i netcfg/get_gateway string {{ network.gateway }}
d-i netcfg/get_nameservers string {{ network.dns | join: ' ' }}
d-i netcfg/confirm_static boolean true
d-i preseed/early_command string {{ report.start }}; kill-all-dhcp; netcfg
{%- else %}
d-i preseed/early_command string {{ report.start }}
{%- endif %}

d-i mirror/country string manual
d-i mirror/protocol string http
d-i mirror/http/hostname string {{ mirror_host }}
d-i mirror/http/directory string {{ mirror_directory }}
d-i mirror/http/proxy string
d-i mirror/suite string {{ suite }}

d-i clock-setup/utc boolean true
d-i time/zone string {{ timezone }}
d-i clock-setup/ntp boolean {% if site.ntp_server == '' %}false{% else %}true{% endif %}
{%- if site.ntp_server != '' %}
d-i clock-setup/ntp-server string {{ site.ntp_server }}
{%- endif %}

d-i partman/early_command string {{ report.partitioning }}; \\
  {{ disk_command }}; \\
  if [ -z "$disk" ]; then {{ report.failed }}; exit 1; fi; \\
  debconf-set partman-auto/disk "$disk"; \\
  debconf-set grub-installer/bootdev "$disk"
d-i partman-auto/method string {% if disk.scheme == 'lvm' %}lvm{% else %}regular{% endif %}
d-i partman-auto/choose_recipe select atomic
d-i partman-auto-lvm/guided_size string max
d-i partman-auto-lvm/new_vg_name string system
d-i partman-lvm/device_remove_lvm boolean true
d-i partman-lvm/confirm boolean true
d-i partman-lvm/confirm_nooverwrite boolean true
d-i partman-md/device_remove_md boolean true
d-i partman-partitioning/choose_label select gpt
d-i partman-partitioning/confirm_write_new_label boolean true
d-i partman-efi/non_efi_system boolean true
d-i partman/default_filesystem string ext4
d-i partman/choose_partition select finish
d-i partman/confirm boolean true
d-i partman/confirm_nooverwrite boolean true

d-i passwd/root-login boolean false
d-i passwd/user-fullname string {{ admin_user }}
d-i passwd/username string {{ admin_user }}
d-i passwd/user-password-crypted password {% if password_hash == '' %}!{% else %}{{ password_hash }}{% endif %}
d-i user-setup/allow-password-weak boolean false

d-i apt-setup/cdrom/set-first boolean false
d-i apt-setup/services-select multiselect security, updates
tasksel tasksel/first multiselect standard
d-i pkgsel/include string openssh-server sudo wget ca-certificates{% for package in packages %} {{ package }}{% endfor %}
d-i pkgsel/upgrade select none
popularity-contest popularity-contest/participate boolean false

d-i grub-installer/only_debian boolean true
d-i grub-installer/with_other_os boolean false
d-i debian-installer/add-kernel-opts string {{ kernel_args }}
d-i finish-install/reboot_in_progress note
d-i debian-installer/exit/halt boolean false

d-i preseed/late_command string {{ report.packages }}; \\
  home=/target/home/{{ admin_user }}; mkdir -p -m 700 "$home/.ssh"; \\
{%- for key in ssh_keys %}
  echo '{{ key }}' >> "$home/.ssh/authorized_keys"; \\
{%- endfor %}
  in-target chown -R {{ admin_user }}:{{ admin_user }} /home/{{ admin_user }}/.ssh; \\
{%- if password_hash == '' %}
  echo '{{ admin_user }} ALL=(ALL) NOPASSWD: ALL' > /target/etc/sudoers.d/{{ admin_user }}; \\
  chmod 440 /target/etc/sudoers.d/{{ admin_user }}; \\
{%- else %}
  in-target adduser {{ admin_user }} sudo; \\
{%- endif %}
  {{ report.completed }}
`;
