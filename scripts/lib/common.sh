# Sourced by the scripts beside it: where things are, what must be installed, how the stages of a long run are told.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
JOBS="${PORTOLAN_JOBS:-$(nproc)}"
export CCACHE_BASEDIR="$ROOT" CCACHE_NOHASHDIR=1

# What a build needs.
BUILD_PACKAGES=(
  build-essential ccache clang-19 cmake golang-github-gogo-googleapis-dev libabsl-dev libc-ares-dev libgmock-dev libgrpc++-dev
  libgtest-dev libmimalloc-dev libprotobuf-dev libre2-dev libsimdjson-dev libssl-dev libyaml-cpp-dev lld-19 ninja-build nlohmann-json3-dev pkg-config
  protobuf-compiler protobuf-compiler-grpc zlib1g-dev
)
# What the tests need besides.
TEST_PACKAGES=(
  clang-format-19 clang-tidy-19 curl fish libboost1.81-dev libclang-rt-19-dev llvm-19 nginx-light openssl python3
  python3-venv python3-yaml strace valgrind wrk zsh
)
# What the SDKs of scripts/test --sdks need besides.
SDK_PACKAGES=(ruby ruby-httparty)
# What scripts/profile needs besides those.
PROFILE_PACKAGES=(libclang-rt-19-dev llvm-19)
# What scripts/package needs besides: the program's shared libraries come with those for building it.
PACKAGE_PACKAGES=(binutils ca-certificates dpkg-dev git python3)
# What the tests of packages need besides.
PACKAGE_TEST_PACKAGES=(
  catatonit containernetworking-plugins curl iproute2 iptables lintian man-db mmdebstrap podman podman-compose python3-venv runc
  systemd-container
)
# What scripts/bench needs besides.
BENCH_PACKAGES=(nginx-light openssl wrk)

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# ensure_packages NAME...: installs the Debian packages that are missing.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Installing ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these Debian packages are missing, and installing them needs root: ${missing[*]}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: configures if need be, and builds; what else runs on the machine, tests with a clock among it, goes first.
build() {
  local preset="$1"
  shift
  if [ ! -f "$ROOT/build/$preset/build.ninja" ]; then
    (cd "$ROOT" && cmake --preset "$preset" >/dev/null)
  fi
  nice -n 5 ninja -C "$ROOT/build/$preset" -j "$JOBS" "$@"
}

# attempt COMMAND...: runs a command in a shell of its own, which ends at the first command in it that fails, and leaves
# its status in STATUS. Not to be asked by `if`, `!`, `&&` or `||`: behind these, bash lets commands inside fail unnoticed.
attempt() {
  set +e
  (
    set -e
    "$@"
  )
  STATUS=$?
  set -e
}

# stage [--needs STAGE]... NAME COMMAND...: attempts a command, and keeps how that went and how long it took. Without what
# it needs it is not run. Stages that follow are run whatever became of this one; end_stages tells.
stage() {
  local needs name start
  take_stage "$@" || return 0
  shift $((2 * ${#needs[@]} + 1))
  say "$name"
  start=$(date +%s)
  attempt "$@"
  keep_stage "$name" "$STATUS" $(($(date +%s) - start))
}

# begin_stage [--needs STAGE]... NAME COMMAND...: a stage that runs beside those that follow, until `await_stage NAME`. What it
# prints is kept until then.
begin_stage() {
  local needs name start log
  take_stage "$@" || return 0
  shift $((2 * ${#needs[@]} + 1))
  say "$name: begun"
  start=$(date +%s)
  log="$(mktemp)"
  STAGE_LOGS[$name]="$log"
  # In a process group of its own, so that it can be ended with all that it started.
  set -m
  (
    attempt "$@"
    printf '%s %s\n' "$STATUS" $(($(date +%s) - start)) >"$log.end"
  ) </dev/null >"$log" 2>&1 &
  set +m
  STAGE_PIDS[$name]=$!
  trap end_begun_stages EXIT
  STAGE_RESULTS[$name]=begun
}

# await_stage NAME: waits for a stage that was begun, and tells what it printed. Does nothing where it was not run.
await_stage() {
  local name="$1" log status=1 seconds=0
  [ -n "${STAGE_PIDS[$name]:-}" ] || return 0
  say "$name"
  wait "${STAGE_PIDS[$name]}" || true
  log="${STAGE_LOGS[$name]}"
  cat "$log"
  # Without its last line it was killed.
  [ ! -f "$log.end" ] || read -r status seconds <"$log.end"
  rm -f "$log" "$log.end"
  unset "STAGE_PIDS[$name]" "STAGE_LOGS[$name]"
  keep_stage "$name" "$status" "$seconds"
}

# What was begun and is not awaited ends with the script.
end_begun_stages() {
  local name
  for name in "${!STAGE_PIDS[@]}"; do
    kill -- "-${STAGE_PIDS[$name]}" || true
    rm -f "${STAGE_LOGS[$name]}" "${STAGE_LOGS[$name]}.end"
  done
}

# For `stage` and `begin_stage`: sets `needs` and `name` of the caller from its arguments. Fails, and tells so, where what is needed did not pass.
take_stage() {
  local need
  needs=()
  while [ "$1" = --needs ]; do
    needs+=("$2")
    shift 2
  done
  name="$1"
  for need in "${needs[@]}"; do
    case "${STAGE_RESULTS[$need]-none}" in
      passed) ;;
      none) die "$name: there is no stage $need before it" ;;
      begun) die "$name: needs $need, which is not awaited before it" ;;
      *)
        STAGE_RESULTS[$name]='not run'
        STAGES+=("$(printf '%8s  %-7s  %s (needs: %s)' '' 'not run' "$name" "$need")")
        say "$name: not run, as it needs: $need"
        return 1
        ;;
    esac
  done
}

# keep_stage NAME STATUS SECONDS
keep_stage() {
  local result=passed
  [ "$2" = 0 ] || result=FAILED
  STAGE_RESULTS[$1]="$result"
  STAGES+=("$(printf '%6d s  %-7s  %s' "$3" "$result" "$1")")
  say "$1: $result"
}
declare -A STAGE_RESULTS=() STAGE_PIDS=() STAGE_LOGS=()
STAGES=()

# part COMMAND...: within a stage, attempts a command and goes on; end_parts fails if one of them did.
part() {
  attempt "$@"
  [ "$STATUS" = 0 ] || FAILED_PARTS+=("$*")
}
end_parts() {
  [ ${#FAILED_PARTS[@]} = 0 ] && return 0
  printf 'failed: %s\n' "${FAILED_PARTS[@]}" >&2
  return 1
}
FAILED_PARTS=()

# end_stages: waits for those that were begun, and tells how every stage went; the last line says how many passed and failed. Fails
# unless all passed.
end_stages() {
  local name passed=0 failed=0
  for name in "${!STAGE_PIDS[@]}"; do await_stage "$name"; done
  for name in "${!STAGE_RESULTS[@]}"; do
    case "${STAGE_RESULTS[$name]}" in
      passed) passed=$((passed + 1)) ;;
      FAILED) failed=$((failed + 1)) ;;
    esac
  done
  say 'All stages'
  printf '%s\n' "${STAGES[@]}"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$passed" = ${#STAGES[@]} ]
}
