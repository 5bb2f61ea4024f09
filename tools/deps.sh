#!/usr/bin/env bash
# Installs what is missing, and only that.
#   tools/deps.sh build   the npm packages of package-lock.json
#   tools/deps.sh run     and the Debian packages that running Rackwright needs
#   tools/deps.sh test    and those its tests need
#   tools/deps.sh bench   and the servers its benchmarks measure it against
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# package:probe, where the probe is a command or a file that shows the package is there, however it was installed
readonly run_packages=(
  etcd-server:etcd
  etcd-client:etcdctl
  nats-server:nats-server
  ipxe:/usr/lib/ipxe/undionly.kpxe
  debian-installer-12-netboot-amd64:/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux
)
readonly test_packages=(
  qemu-system-x86:qemu-system-x86_64
  ovmf:/usr/share/OVMF/OVMF_CODE_4M.fd
  ipxe-qemu:/usr/lib/ipxe/qemu/pxe-virtio.rom
  iproute2:ip
  procps:pkill
  curl:curl
  bsdutils:logger
  mosquitto-clients:mosquitto_pub
  isc-dhcp-client:dhclient
  udhcpc:udhcpc
  dhcpcd-base:dhcpcd
  systemd:/lib/systemd/systemd-networkd
  tcpdump:tcpdump
  isc-dhcp-relay:dhcrelay
  dnsmasq-base:dnsmasq
  kea-admin:perfdhcp
  busybox:busybox
  tftp-hpa:tftp
  atftp:atftp
)
readonly bench_packages=(
  kea-dhcp4-server:kea-dhcp4
  nginx-light:nginx
  wrk:wrk
  dnsmasq-base:dnsmasq
  libwrap0:/usr/share/doc/libwrap0
  libpcre2-8-0:/usr/share/doc/libpcre2-8-0
)
# Servers for the benchmarks whose packages exclude each other: unpacked, not installed.
readonly unpacked_packages=(tftpd-hpa atftpd)

fail() {
  echo "deps: $*" >&2
  exit 1
}

is_present() {
  case "$1" in
    /*) [[ -e "$1" ]] ;;
    *) command -v "$1" >/dev/null || [[ -x "/usr/sbin/$1" ]] || [[ -x "/sbin/$1" ]] ;;
  esac
}

missing_packages() {
  local entry
  for entry in "$@"; do
    is_present "${entry#*:}" || echo "${entry%%:*}"
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

# A package that is only needed as a program must not leave its daemon running or enabled.
readonly policy=/usr/sbin/policy-rc.d
made_policy=no
guard_services() {
  if [[ ! -e $policy ]]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
}
release_services() {
  if [[ $made_policy == yes ]]; then as_root rm -f "$policy"; fi
}
disable_services() {
  [[ -d /run/systemd/system ]] || return 0
  local package
  for package in "$@"; do
    case "$package" in
      etcd-server) as_root systemctl disable --quiet etcd.service || true ;;
      nats-server) as_root systemctl disable --quiet nats-server.service || true ;;
      kea-dhcp4-server) as_root systemctl disable --quiet kea-dhcp4-server.service || true ;;
      nginx-light) as_root systemctl disable --quiet nginx.service || true ;;
      isc-dhcp-relay) as_root systemctl disable --quiet isc-dhcp-relay.service || true ;;
    esac
  done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install -y -q --no-install-recommends "$@" </dev/null
}

apt_update() {
  as_root apt-get -o DPkg::Lock::Timeout=300 update -q </dev/null
}

have_package_lists() {
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || fail "this machine has no apt-get; install by hand what these Debian packages hold: ${missing[*]}"
  if [[ $EUID -ne 0 ]] && ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
    fail "missing Debian packages: ${missing[*]}
deps: neither root nor password-less sudo is available; as root, run: apt-get install -y --no-install-recommends ${missing[*]}"
  fi
  echo "deps: installing ${missing[*]}"
  trap release_services EXIT
  guard_services
  have_package_lists || apt_update
  apt_install "${missing[@]}" || { apt_update && apt_install "${missing[@]}"; }
  disable_services "${missing[@]}"
  release_services
  trap - EXIT
}

install_modules() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail 'node and npm are missing; any Node 20 or newer with npm 11 will do, npm then brings the Node 24 the project runs on'
  mkdir -p .rackwright
  exec 9>.rackwright/deps.lock
  if command -v flock >/dev/null; then flock 9; fi
  if ! node tools/check-modules.mjs --quiet; then
    echo 'deps: npm ci'
    npm ci --no-fund --no-audit --loglevel=error </dev/null
    node tools/check-modules.mjs
  fi
  exec 9>&-
}

unpack_packages() {
  local package archive
  for package in "${unpacked_packages[@]}"; do
    [[ ! -d .rackwright/peers/$package ]] || continue
    echo "deps: unpacking $package"
    mkdir -p .rackwright/peers
    archive=$(mktemp -d)
    chmod 755 "$archive"
    (cd "$archive" && { apt-get download -q "$package" || { apt_update && apt-get download -q "$package"; }; }) >/dev/null
    dpkg -x "$archive"/*.deb ".rackwright/peers/$package"
    rm -rf "$archive"
  done
}

# Boot binaries for `make run-regional`, with their digests.
fill_assets() {
  node tools/boot-assets.mjs .rackwright/assets
}

case "${1:-run}" in
  build) install_modules ;;
  run) install_packages "${run_packages[@]}" && install_modules && fill_assets ;;
  test) install_packages "${run_packages[@]}" "${test_packages[@]}" && install_modules && fill_assets ;;
  bench)
    install_packages "${run_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
    unpack_packages
    install_modules
    fill_assets
    ;;
  *) fail "unknown group '$1'; known: build, run, test, bench" ;;
esac
