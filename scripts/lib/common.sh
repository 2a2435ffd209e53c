# Sourced by the scripts beside it: where things are, what must be installed, how stages are timed.
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
  clang-format-19 clang-tidy-19 curl libboost1.81-dev libclang-rt-19-dev llvm-19 nginx-light openssl python3
  python3-venv strace valgrind wrk
)
# What scripts/profile needs besides those.
PROFILE_PACKAGES=(libclang-rt-19-dev llvm-19)
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

# build PRESET [TARGET...]: configures if need be, and builds.
build() {
  local preset="$1"
  shift
  if [ ! -f "$ROOT/build/$preset/build.ninja" ]; then
    (cd "$ROOT" && cmake --preset "$preset" >/dev/null)
  fi
  ninja -C "$ROOT/build/$preset" -j "$JOBS" "$@"
}

# stage NAME COMMAND...: runs a command and tells how long it took.
stage() {
  local name="$1" start end
  shift
  say "$name"
  start=$(date +%s)
  "$@"
  end=$(date +%s)
  say "$name: $((end - start)) s"
  STAGES+=("$(printf '%6d s  %s' $((end - start)) "$name")")
}
STAGES=()
