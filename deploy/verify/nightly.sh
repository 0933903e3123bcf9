#!/bin/sh
# What CI has no time for, in parts: the chart under current tools, and what others' programs say of a running installation.
#
#   deploy/verify/nightly.sh              # every part; goes on after one that fails, and tells at the end which did
#   deploy/verify/nightly.sh chart scim   # these alone
#   deploy/verify/nightly.sh --list       # what there is
#
#   TOOLS          where the programs go that it builds or installs (default: .conclave/cache/nightly)
#   SIMPLESAMLPHP  where that is (default: /usr/share/simplesamlphp)
#   SAML_CORPUS    a folder with checkouts of node-saml (1d8d66f) and python3-saml (0320fd4) under these names
#   OPENBAO        the program; its modules are in no proxy: build or fetch it yourself
#
# Needs a built checkout, Go, and Python 3 with venv; of Debian xmlsec1, sqlmap, wapiti, simplesamlphp, php-cli and chromium.
set -eu
cd "$(dirname "$0")/../.."
TOOLS=${TOOLS:-$PWD/.conclave/cache/nightly}
SIMPLESAMLPHP=${SIMPLESAMLPHP:-/usr/share/simplesamlphp}
helm_source=helm.sh/helm/v4/cmd/helm@v4.2.4
kubeconform_source=github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0
versitygw_source=github.com/versity/versitygw/cmd/versitygw@v1.8.0
# It has no version that Go knows.
local_kms_source=github.com/nsmithuk/local-kms@v0.0.0-20260228092603-2a5e92d09ab6
gateway_api_source=sigs.k8s.io/gateway-api@v1.4.0
KUBERNETES_VERSIONS='v1.33.13 v1.36.3'
PACKAGES='ocsf-json-schema==1.2.0 jsonschema==4.26.0 pycef==1.11 scim2-tester==0.5.2 scim2-client[httpx2]==0.13.2 pysaml2==7.5.5 schemathesis==4.32.5 cyclonedx-python-lib[json-validation]==11.12.0'
PARTS='chart manifests sbom scim pysaml2 simplesamlphp corpora kms openbao log s3 hostile'
PATH="$PWD/node_modules/.bin:$PATH"
export CGO_ENABLED=0 GOFLAGS=-trimpath

about() {
  case $1 in
    chart) echo "the chart's tests pass under the newest Helm" ;;
    manifests) echo 'every manifest is strictly valid in two Kubernetes (kubeconform)' ;;
    sbom) echo "the bill of materials is CycloneDX by its makers' schema" ;;
    scim) echo "a directory's client finds what SCIM promises (scim2-tester)" ;;
    pysaml2) echo 'an identity provider by others is believed, in a browser too, and no more of it than is signed' ;;
    simplesamlphp) echo 'another signs a person in and out in a browser' ;;
    corpora) echo 'the invalid responses of others are refused (SAML_CORPUS)' ;;
    kms) echo 'a KMS by others keeps the keys of keys (local-kms)' ;;
    openbao) echo 'OpenBao keeps the keys of keys (OPENBAO)' ;;
    log) echo "logs and exports hold by others' programs (x/mod, OCSF, CEF, RFC 5424)" ;;
    s3) echo 'logs lie in a real S3 bucket with Object Lock (versitygw)' ;;
    hostile) echo 'the public API withstands generated requests (schemathesis, sqlmap, wapiti)' ;;
    *) return 1 ;;
  esac
}

say() { printf '%s\n' "nightly: $*"; }
fail() { say "$*" >&2; exit 1; }
since() { echo $(($(date +%s) - $1)); }
needs() { for program; do command -v "$program" >/dev/null || fail "there is no $program on the PATH"; done; }
nightly() { env CONCLAVE_NIGHTLY=1 npm test -- "$1.nightly"; }

# The program of a Go package at a version, built once.
program() {
  needs go
  name=$(basename "${1%@*}")
  folder="$TOOLS/$name-${1##*@}"
  if [ ! -x "$folder/$name" ]; then
    started=$(date +%s)
    GOBIN="$folder" go install "$1"
    say "$name built in $(since "$started") s" >&2
  fi
  echo "$folder/$name"
}

# A reader of our own, which stands on packages of others.
reader() {
  needs go
  go build -C "deploy/verify/$1" -o "$TOOLS/$1" .
  echo "$TOOLS/$1"
}

# The folder of a Go module's source.
module() {
  needs go
  folder=$(cd "$TOOLS" && go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$folder" ] || fail "module $1 cannot be had"
  echo "$folder"
}

# A Python with the packages above, made anew when they change.
python() {
  needs python3
  venv="$TOOLS/python"
  if [ "$(cat "$venv/packages" 2>/dev/null)" != "$PACKAGES" ]; then
    started=$(date +%s)
    python3 -m venv --clear "$venv"
    # shellcheck disable=SC2086
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $PACKAGES >&2
    echo "$PACKAGES" >"$venv/packages"
    say "Python's packages installed in $(since "$started") s" >&2
  fi
  echo "$venv/bin/python"
}

part_chart() {
  HELM=$(program "$helm_source")
  export HELM
  "$HELM" version --short
  NODE_OPTIONS=--experimental-vm-modules jest helm
}

part_manifests() {
  HELM=$(program "$helm_source")
  export HELM
  kubeconform=$(program "$kubeconform_source")
  rm -rf "$TOOLS/rendered"
  node deploy/verify/render.mjs "$TOOLS/rendered"
  gateway_api=$(module "$gateway_api_source")
  crds=$(find "$gateway_api/config/crd/standard" -name '*httproutes.yaml')
  for version in $KUBERNETES_VERSIONS; do
    kubernetes=$(module "k8s.io/kubernetes@$version")
    # shellcheck disable=SC2086
    node deploy/verify/schemas.mjs "$TOOLS/$version" "$kubernetes/api/openapi-spec/swagger.json" $crds
    say "Kubernetes $version"
    "$kubeconform" -strict -summary -schema-location "$TOOLS/$version/{{.ResourceKind}}{{.KindSuffix}}.json" \
      "$TOOLS"/rendered/*.yaml k8s/namespace.yaml k8s/eval-stores.yaml
  done
}

part_sbom() {
  python=$(python)
  npm run -s sbom "$TOOLS/conclave.cdx.json"
  "$python" deploy/verify/sbom.py "$TOOLS/conclave.cdx.json"
}

part_scim() {
  SCIM_PYTHON=$(python)
  export SCIM_PYTHON
  nightly scim-tester
}

part_pysaml2() {
  needs xmlsec1
  SAML_PYTHON=$(python)
  # Those of the packages that it stands on.
  export SAML_PYTHON PYTHONWARNINGS=ignore
  nightly foreign-idp
  nightly pysaml2
}

part_simplesamlphp() {
  needs php
  [ -d "$SIMPLESAMLPHP" ] || fail "SIMPLESAMLPHP is not at $SIMPLESAMLPHP"
  export SIMPLESAMLPHP
  nightly simplesamlphp
}

part_corpora() { nightly public-corpora; }

part_kms() {
  LOCAL_KMS=$(program "$local_kms_source")
  export LOCAL_KMS
  nightly local-kms
}

part_openbao() { nightly openbao; }

part_log() {
  TLOG_VERIFIER=$(reader tlog)
  SYSLOG_READER=$(reader syslog)
  EXPORTS_PYTHON=$(python)
  export TLOG_VERIFIER SYSLOG_READER EXPORTS_PYTHON
  nightly others-code
}

part_s3() {
  S3_SERVER=$(program "$versitygw_source")
  export S3_SERVER
  nightly s3-log-store
}

part_hostile() {
  needs sqlmap wapiti
  HOSTILE_PYTHON=$(python)
  export HOSTILE_PYTHON
  nightly hostile-clients
}

# The variable without which a part cannot be run.
demand() {
  case $1 in
    corpora) echo SAML_CORPUS ;;
    openbao) echo OPENBAO ;;
  esac
}

if [ "${1:-}" = --list ]; then
  for part in $PARTS; do printf '%-14s %s\n' "$part" "$(about "$part")"; done
  exit
fi
for part; do about "$part" >/dev/null || fail "there is no part $part: see --list"; done
named=$#
# shellcheck disable=SC2086
[ "$named" -gt 0 ] || set -- $PARTS
mkdir -p "$TOOLS"
TOOLS=$(cd "$TOOLS" && pwd)
told=$(mktemp)
trap 'rm -f "$told"' EXIT
trap 'exit 130' INT TERM
failed=

for part; do
  name=$(demand "$part")
  if [ "$name" ] && eval "[ -z \"\${$name:-}\" ]"; then
    [ "$named" -eq 0 ] || failed="$failed $part"
    printf '%-14s left out: %s is not set\n' "$part" "$name" >>"$told"
    say "$(tail -n 1 "$told")"
    continue
  fi
  say "$part: $(about "$part")"
  started=$(date +%s)
  # Not behind an `if` or `||`, where `set -e` would count for nothing.
  set +e
  (set -e; "part_$part")
  code=$?
  set -e
  verdict=passed
  [ "$code" -eq 0 ] || { verdict=FAILED; failed="$failed $part"; }
  printf '%-14s %s in %s s\n' "$part" "$verdict" "$(since "$started")" >>"$told"
  say "$(tail -n 1 "$told")"
done

[ $# -eq 1 ] || cat "$told"
[ -z "$failed" ] || fail "failed:$failed"
say passed
