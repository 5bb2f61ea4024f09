/** The built-in answer file of Anaconda for Rocky Linux and AlmaLinux 9. */
export const kickstartTemplate = `# {{ profile.name }} for {{ task.sn }}
text
eula --agreed
firstboot --disable
reboot
lang {{ locale }}
keyboard {{ keyboard }}
timezone {{ timezone }} --utc
{%- if site.ntp_server != '' %}
timesource --ntp-server={{ site.ntp_server }}
{%- endif %}
{%- if network.method == 'static' %}
network --bootproto=static --device=bootif --activate --hostname={{ fqdn }} --ip={{ network.ip }} --netmask={{ network.netmask }} --gateway={{ network.gateway }}{% if network.dns.size > 0 %} --nameserver={{ network.dns | join: ',' }}{% endif %}
{%- else %}
network --bootproto=dhcp --device=bootif --activate --hostname={{ fqdn }}
{%- endif %}
url --url={{ site.url }}/repos/{{ repository }}
rootpw --lock
user --name={{ admin_user }} --groups=wheel {% if password_hash == '' %}--lock{% else %}--iscrypted --password={{ password_hash }}{% endif %}
{%- for key in ssh_keys %}
sshkey --username={{ admin_user }} "{{ key }}"
{%- endfor %}
services --enabled=sshd
selinux --enforcing
firewall --enabled --service=ssh
bootloader --append="{{ kernel_args }}"
%include /tmp/rackwright-disk.ks

%pre --interpreter=/bin/sh
{{ report.start }}
{{ report.partitioning }}
{% for line in disk_script %}{{ line }}
{% endfor -%}
if [ -z "$disk" ]; then
  {{ report.failed }}
  exit 1
fi
cat > /tmp/rackwright-disk.ks <<END_OF_DISK
ignoredisk --only-use=\${disk#/dev/}
zerombr
clearpart --all --initlabel --drives=\${disk#/dev/}
autopart --type={{ disk.scheme }}
END_OF_DISK
%end

%packages
@^minimal-environment
openssh-server
curl
{%- for package in packages %}
{{ package }}
{%- endfor %}
%end

%onerror --interpreter=/bin/sh
{{ report.failed }}
%end

%post --interpreter=/bin/sh
{{ report.packages }}
{%- if password_hash == '' %}
echo '{{ admin_user }} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{{ admin_user }}
chmod 440 /etc/sudoers.d/{{ admin_user }}
{%- endif %}
{{ report.completed }}
%end
`;
