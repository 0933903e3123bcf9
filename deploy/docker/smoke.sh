#!/bin/sh
# Builds the image and smoke-runs every process of it: read-only root, no capabilities, no new privileges, uid 10001,
# against real stores on loopback, until each is ready; then SIGTERM must drain within the grace. Prints the figures.
#
#   deploy/docker/smoke.sh            # needs docker (a daemon that runs, or dockerd and root) and a built checkout
#   BASE=node:24-bookworm-slim …      # the base image; without it and without a registry, one is made by mmdebstrap
#   IMAGE=… BUILD=no …                # smoke an image that exists
set -eu
cd "$(dirname "$0")/../.."
IMAGE=${IMAGE:-conclave:smoke}
work=$(mktemp -d)
trap 'finish' EXIT
trap 'exit 130' INT TERM
smoke=
say() { printf '%s\n' "smoke: $*" >&2; }
stop_daemon() {
  [ -s "$work/docker.pid" ] || return 0
  kill "$(cat "$work/docker.pid")"
  while [ -s "$work/docker.pid" ]; do sleep 0.2; done
  umount "$work/exec/netns/default" 2>/dev/null || true
}

finish() {
  [ -z "$smoke" ] || { kill "$smoke" 2>/dev/null; wait "$smoke"; } || true
  stop_daemon
  rm -rf "$work"
}

start_daemon() {
  command -v dockerd >/dev/null && [ "$(id -u)" = 0 ] || { say 'no container engine: nothing was built'; exit 3; }
  state=${DOCKER_STATE:-$work/docker}
  export DOCKER_HOST="unix://$work/docker.sock"
  dockerd --data-root "$state" --exec-root "$work/exec" -H "$DOCKER_HOST" -p "$work/docker.pid" \
    --iptables=false --bridge=none >"$work/dockerd.log" 2>&1 &
  for _ in $(seq 50); do docker version >/dev/null 2>&1 && return; sleep 0.2; done
  cat "$work/dockerd.log" >&2; exit 3
}

# A Debian with Node, as the default base is, from the Debian archive and this checkout's own Node.
make_base() {
  say 'making a base image with mmdebstrap'
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --customize-hook="upload node_modules/node/bin/node /usr/local/bin/node" \
    --customize-hook='chmod 0755 "$1/usr/local/bin/node" && mkdir -p "$1/usr/local/lib/node_modules"' \
    --customize-hook="copy-in $npm /usr/local/lib/node_modules" \
    --customize-hook='ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"' \
    --customize-hook="upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt" \
    bookworm "$work/base.tar"
  docker import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' "$work/base.tar" conclave-base:local >/dev/null
  BASE=conclave-base:local
}

docker version >/dev/null 2>&1 || start_daemon
if [ "${BUILD:-yes}" = yes ]; then
  [ -n "${BASE:-}" ] || ! docker image inspect conclave-base:local >/dev/null 2>&1 || BASE=conclave-base:local
  [ -n "${BASE:-}" ] || docker pull -q node:24-bookworm-slim >/dev/null 2>&1 || make_base
  start=$(date +%s)
  DOCKER_BUILDKIT=0 docker build --network host --build-arg "BASE=${BASE:-node:24-bookworm-slim}" \
    -f deploy/docker/Dockerfile -t "$IMAGE" . >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; exit 1; }
  say "built in $(($(date +%s) - start)) s"
fi
node_modules/.bin/node deploy/docker/smoke.mjs "$IMAGE" &
smoke=$!
status=0
wait "$smoke" || status=$?
smoke=
exit "$status"
