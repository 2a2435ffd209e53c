# Sourced by the scripts that check and render the chart: their tools, pinned, and how each is built from its Go module.
# shellcheck shell=bash
#
# Python is the system's, whose package of YAML is there; another in PATH may not have it.

TOOLS="${PORTOLAN_TOOLS:-$HOME/.cache/portolan-tools}"
HELM3_VERSION=3.22.0
HELM4_VERSION=4.3.1
UNITTEST_VERSION=1.1.2
KUBECONFORM_VERSION=0.8.0
KUBESCORE_VERSION=1.20.0
# Whose API the rendered objects are held to.
KUBERNETES_VERSION=1.34.4
PROMETHEUS_OPERATOR_VERSION=0.85.0
GATEWAY_API_VERSION=1.4.0
CERT_MANAGER_VERSION=1.20.0
EXTERNAL_SECRETS_VERSION=1.3.2

ensure_go() {
  command -v go >/dev/null || PATH="$PATH:/usr/local/go/bin"
  command -v go >/dev/null || die "Go is missing, which builds helm and its fellows; install it, 1.25 or later, and try again"
}

# build_go ARGS...: go, at low priority and one package at a time, as the machine is for other work too.
build_go() {
  (
    export CGO_ENABLED=0 GOFLAGS='-p=1 -buildvcs=false'
    nice -n 15 go "$@"
  )
}

# go_module MODULE@VERSION: the folder of a module's sources.
go_module() {
  build_go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p'
}

# ensure_tool NAME VERSION PACKAGE: builds a program of a Go module unless it is there.
ensure_tool() {
  local name="$1" version="$2" package="$3" folder="$TOOLS/$1-$2"
  [ -x "$folder/$name" ] && return 0
  ensure_go
  say "Building $name $version into $folder (minutes, once)"
  GOBIN="$folder" build_go install -trimpath -ldflags='-s -w' "$package@v$version"
}

helm_path() {
  local version=HELM$1_VERSION
  printf '%s\n' "$TOOLS/helm-${!version}/helm"
}

# ensure_helm MAJOR
ensure_helm() {
  local version=HELM$1_VERSION
  ensure_tool helm "${!version}" "helm.sh/helm/v$1/cmd/helm"
}

# helm-unittest's module replaces others, which `go install` refuses: it is built in a copy of its sources.
ensure_unittest() {
  local folder="$TOOLS/helm-unittest-$UNITTEST_VERSION" sources copy
  [ -x "$folder/helm-unittest" ] && return 0
  ensure_go
  say "Building helm-unittest $UNITTEST_VERSION into $folder (minutes, once)"
  sources="$(go_module "github.com/helm-unittest/helm-unittest@v$UNITTEST_VERSION")"
  copy="$(mktemp -d)"
  cp -r "$sources/." "$copy"
  chmod -R u+w "$copy"
  (cd "$copy" && build_go build -trimpath -ldflags='-s -w' -o "$folder/helm-unittest" ./cmd/helm-unittest)
  rm -rf "$copy"
}

schemas_path() { printf '%s\n' "$TOOLS/schemas-$KUBERNETES_VERSION-$PROMETHEUS_OPERATOR_VERSION-$GATEWAY_API_VERSION-$CERT_MANAGER_VERSION-$EXTERNAL_SECRETS_VERSION"; }

# Schemas of Kubernetes' own objects and of the others that the chart makes, from the sources of those who define them.
ensure_schemas() {
  local folder kubernetes operator gateways certificates secrets
  folder="$(schemas_path)"
  [ -d "$folder" ] && return 0
  ensure_go
  say "Making schemas of Kubernetes $KUBERNETES_VERSION in $folder"
  kubernetes="$(go_module "k8s.io/kubernetes@v$KUBERNETES_VERSION")"
  operator="$(go_module "github.com/prometheus-operator/prometheus-operator@v$PROMETHEUS_OPERATOR_VERSION")"
  gateways="$(go_module "sigs.k8s.io/gateway-api@v$GATEWAY_API_VERSION")"
  certificates="$(go_module "github.com/cert-manager/cert-manager@v$CERT_MANAGER_VERSION")"
  secrets="$(go_module "github.com/external-secrets/external-secrets@v$EXTERNAL_SECRETS_VERSION")"
  mkdir -p "$TOOLS"
  rm -rf "$folder.new"
  /usr/bin/python3 -B "$ROOT/scripts/lib/kubernetes_schemas.py" "$folder.new" "$kubernetes/api/openapi-spec/swagger.json" \
    "$operator/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml" \
    "$operator/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml" \
    "$gateways/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" \
    "$certificates/deploy/crds/cert-manager.io_certificates.yaml" \
    "$secrets/config/crds/bases/external-secrets.io_externalsecrets.yaml"
  mv "$folder.new" "$folder"
}

# ensure_unpacked PACKAGE: a Debian package's files, without installing it, which would start a server.
ensure_unpacked() {
  local folder="$TOOLS/$1" scratch
  [ -d "$folder" ] && return 0
  say "Unpacking $1 into $folder"
  scratch="$(mktemp -d)"
  (
    cd "$scratch"
    apt-get download -qq "$1" >/dev/null 2>&1 || { apt-get update -qq && apt-get download -qq "$1" >/dev/null; }
    dpkg -x "$1"_*.deb unpacked
  )
  mkdir -p "$TOOLS"
  mv "$scratch/unpacked" "$folder"
  rm -rf "$scratch"
}

# Prometheus and promtool.
prometheus_path() { printf '%s\n' "$TOOLS/prometheus/usr/bin"; }
ensure_prometheus() { ensure_unpacked prometheus; }
