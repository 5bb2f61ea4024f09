#!/usr/bin/env bash
# Runs an etcd or a NATS server in the background for local work: data, log and pid file under .rackwright.
#   tools/local-server.sh etcd start|stop      port RW_LOCAL_ETCD_PORT (2379), peers on the next port
#   tools/local-server.sh nats start|stop      port RW_LOCAL_NATS_PORT (4222), MQTT RW_LOCAL_MQTT_PORT (1883)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
readonly server=${1:?etcd or nats} action=${2:?start or stop}
readonly home=$PWD/.rackwright/$server
readonly pid_file=$home/pid log=$home/log
readonly etcd_port=${RW_LOCAL_ETCD_PORT:-2379}
readonly nats_port=${RW_LOCAL_NATS_PORT:-4222} mqtt_port=${RW_LOCAL_MQTT_PORT:-1883}
readonly deadline_seconds=20

fail() {
  echo "$server: $*" >&2
  exit 1
}

# The pid of the server this script started, if it still runs: the command line names our folder.
own_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$home" || return 1
  echo "$pid"
}

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

require_free() {
  if is_open "$1"; then fail "port $1 is in use; choose another with $2"; fi
}

wait_until() {
  local end=$((SECONDS + deadline_seconds))
  until "$@"; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.1
  done
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

launch() {
  setsid "$@" </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
}

start_etcd() {
  require_free "$etcd_port" RW_LOCAL_ETCD_PORT
  require_free "$((etcd_port + 1))" RW_LOCAL_ETCD_PORT
  local client=http://127.0.0.1:$etcd_port peer=http://127.0.0.1:$((etcd_port + 1))
  launch etcd --name local --data-dir "$home/data" \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "local=$peer"
  wait_until is_healthy_etcd || fail "not ready after $deadline_seconds s; see $log"
  echo "etcd: $client, data in ${home#"$PWD/"}"
}

is_healthy_etcd() {
  ETCDCTL_API=3 etcdctl --endpoints "http://127.0.0.1:$etcd_port" --command-timeout=1s endpoint health >/dev/null 2>&1
}

start_nats() {
  require_free "$nats_port" RW_LOCAL_NATS_PORT
  require_free "$mqtt_port" RW_LOCAL_MQTT_PORT
  cat >"$home/nats.conf" <<CONF
server_name: local
listen: "127.0.0.1:$nats_port"
jetstream { store_dir: "$home/data" }
mqtt { listen: "127.0.0.1:$mqtt_port" }
CONF
  launch nats-server --config "$home/nats.conf"
  wait_until is_open "$nats_port" || fail "not ready after $deadline_seconds s; see $log"
  wait_until is_open "$mqtt_port" || fail "MQTT not ready after $deadline_seconds s; see $log"
  echo "nats: nats://127.0.0.1:$nats_port, mqtt://127.0.0.1:$mqtt_port, data in ${home#"$PWD/"}"
}

start() {
  local pid
  if pid=$(own_pid); then
    echo "$server: already running (pid $pid)"
    return
  fi
  mkdir -p "$home"
  "start_$server"
}

stop() {
  local pid
  if ! pid=$(own_pid); then
    echo "$server: not running"
    return
  fi
  kill "$pid"
  if ! wait_until is_gone "$pid"; then kill -KILL "$pid"; fi
  rm -f "$pid_file"
  echo "$server: stopped"
}

case "$server/$action" in
  etcd/start | nats/start) start ;;
  etcd/stop | nats/stop) stop ;;
  *) fail "usage: tools/local-server.sh etcd|nats start|stop" ;;
esac
