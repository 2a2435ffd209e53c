# Sourced by the test in a cluster, after common.sh and chart_tools.sh: Kubernetes itself and what it needs of others, pinned, and
# how it is built from Go modules.
# shellcheck shell=bash

METRICS_SERVER_VERSION=0.9.0
KUBERNETES_PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl)
# What a node needs that starts nothing when it is installed, and what holds the namespaces that it lives in. etcd and containerd
# would be started: these are unpacked.
CLUSTER_PACKAGES=(
  catatonit containernetworking-plugins gcc iproute2 iptables libc6-dev libseccomp2 mount openssl procps python3 runc util-linux
)

kubernetes_path() { printf '%s\n' "$TOOLS/kubernetes-$KUBERNETES_VERSION"; }

# The folders in which the programs of a cluster are, as a PATH has them.
cluster_path() {
  printf '%s:' "$(kubernetes_path)" "$TOOLS/etcd-server/usr/bin" "$TOOLS/containerd/usr/bin"
  printf '%s\n' "$TOOLS/metrics-server-$METRICS_SERVER_VERSION"
}

ensure_cluster_tools() {
  ensure_packages "${CLUSTER_PACKAGES[@]}"
  ensure_unpacked etcd-server
  ensure_unpacked containerd
  ensure_helm 3
  ensure_helm 4
  ensure_kubernetes
  ensure_tool metrics-server "$METRICS_SERVER_VERSION" sigs.k8s.io/metrics-server/cmd/metrics-server
}

# Kubernetes' module takes its staging modules from folders beside it, which are not in the module: here they are those that
# were published with it, v0.X.Y with v1.X.Y.
use_published_staging() {
  local published="v0.${KUBERNETES_VERSION#1.}" module
  rm -rf go.work go.work.sum vendor
  while read -r module; do
    go mod edit -dropreplace="$module"
    if grep -qE "^\s+$module v0\.0\.0" go.mod; then go mod edit -require="$module@$published"; fi
  done < <(sed -nE 's,^\s+(k8s\.io/[a-z-]+) => \./staging.*,\1,p' go.mod)
}

ensure_kubernetes() {
  local folder sources copy version=k8s.io/component-base/version minor
  folder="$(kubernetes_path)"
  [ -d "$folder" ] && return 0
  ensure_go
  say "Building Kubernetes $KUBERNETES_VERSION into $folder (a quarter of an hour, once)"
  sources="$(go_module "k8s.io/kubernetes@v$KUBERNETES_VERSION")"
  copy="$(mktemp -d)"
  cp -r "$sources/." "$copy"
  chmod -R u+w "$copy"
  minor="${KUBERNETES_VERSION#1.}"
  rm -rf "$folder.new"
  (
    cd "$copy" || exit
    use_published_staging
    # Unset, they would call themselves v0.0.0, which nothing that asks for a version takes.
    build_go build -mod=mod -trimpath -o "$folder.new/" \
      -ldflags="-s -w -X $version.gitVersion=v$KUBERNETES_VERSION -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*}" \
      "${KUBERNETES_PROGRAMS[@]/#/./cmd/}"
  )
  rm -rf "$copy"
  mv "$folder.new" "$folder"
}
