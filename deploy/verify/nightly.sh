#!/bin/sh
# What CI has no time for: the chart under current tools, built from source by the Go module proxy. Helm 4 renders and
# lints in the chart's own tests; kubeconform checks every manifest strictly against the API of two Kubernetes versions.
# And what others' programs say of a running installation: Go's x/mod of its log, parsers of OCSF, CEF and RFC 5424 of its
# exports, scim2-tester of its directory; pysaml2 and SimpleSAMLphp as identity providers; schemathesis, sqlmap and wapiti
# of its public API; a real S3 server as a store, and a KMS by others. Needs Go, xmlsec1, sqlmap, wapiti, simplesamlphp with
# php-cli, chromium, Python 3 with venv and a built checkout; what it makes goes to TOOLS, modules to the cache of Go.
set -eu
cd "$(dirname "$0")/../.."
TOOLS=${TOOLS:-$PWD/.conclave/cache/nightly}
HELM_VERSION=v4.2.4 KUBECONFORM_VERSION=v0.7.0 GATEWAY_API_VERSION=v1.4.0 VERSITYGW_VERSION=v1.8.0
# It has no version that Go knows.
LOCAL_KMS_VERSION=v0.0.0-20260228092603-2a5e92d09ab6
PARSERS='ocsf-json-schema==1.2.0 jsonschema==4.26.0 pycef==1.11 scim2-tester==0.5.2 scim2-client[httpx2]==0.13.2 pysaml2==7.5.5 schemathesis==4.32.5 cyclonedx-python-lib[json-validation]==11.12.0'
KUBERNETES_VERSIONS='v1.33.13 v1.36.3'
export GOBIN="$TOOLS/bin" CGO_ENABLED=0 GOFLAGS=-trimpath
PATH="$PWD/node_modules/.bin:$PATH"
say() { printf '%s\n' "nightly: $*"; }
timed() { start=$(date +%s); what=$1; shift; "$@"; say "$what in $(($(date +%s) - start)) s"; }
# The folder of a module's source.
module() {
  dir=$(cd "$TOOLS" && go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$dir" ] || { say "module $1 cannot be had" >&2; exit 1; }
  printf '%s' "$dir"
}
mkdir -p "$GOBIN"

[ -x "$GOBIN/helm" ] || timed "helm $HELM_VERSION built" go install "helm.sh/helm/v4/cmd/helm@$HELM_VERSION"
[ -x "$GOBIN/kubeconform" ] || timed "kubeconform $KUBECONFORM_VERSION built" go install "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM_VERSION"
export HELM="$GOBIN/helm"
say "$("$HELM" version --short)"
timed 'the chart tests pass under it' env NODE_OPTIONS=--experimental-vm-modules jest helm
node deploy/verify/render.mjs "$TOOLS/rendered"

gateway_api=$(module "sigs.k8s.io/gateway-api@$GATEWAY_API_VERSION")
crds=$(find "$gateway_api/config/crd/standard" -name '*httproutes.yaml')
for version in $KUBERNETES_VERSIONS; do
  kubernetes=$(module "k8s.io/kubernetes@$version")
  node deploy/verify/schemas.mjs "$TOOLS/$version" "$kubernetes/api/openapi-spec/swagger.json" $crds
  say "kubeconform, Kubernetes $version"
  "$GOBIN/kubeconform" -strict -summary -schema-location "$TOOLS/$version/{{.ResourceKind}}{{.KindSuffix}}.json" \
    "$TOOLS"/rendered/*.yaml k8s/namespace.yaml k8s/eval-stores.yaml
done

[ -x "$GOBIN/versitygw" ] || timed "versitygw $VERSITYGW_VERSION built" go install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
[ -x "$GOBIN/local-kms" ] || timed 'local-kms built' go install "github.com/nsmithuk/local-kms@$LOCAL_KMS_VERSION"
for reader in tlog syslog; do go build -C "deploy/verify/$reader" -o "$GOBIN/$reader" .; done
[ -x "$TOOLS/parsers/bin/python" ] || python3 -m venv "$TOOLS/parsers"
# shellcheck disable=SC2086
timed 'parsers installed' "$TOOLS/parsers/bin/python" -m pip install --quiet --disable-pip-version-check $PARSERS
npm run -s sbom "$TOOLS/conclave.cdx.json"
"$TOOLS/parsers/bin/python" deploy/verify/sbom.py "$TOOLS/conclave.cdx.json"
say 'the bill of materials is CycloneDX by its schema'
timed "a directory's client finds what SCIM promises" env CONCLAVE_NIGHTLY=1 SCIM_PYTHON="$TOOLS/parsers/bin/python" \
  npm test -- scim-tester.nightly
timed 'an identity provider by others is believed, and no more of it than is signed' env CONCLAVE_NIGHTLY=1 \
  SAML_PYTHON="$TOOLS/parsers/bin/python" npm test -- foreign-idp.nightly
timed 'the public API withstands generated requests' env CONCLAVE_NIGHTLY=1 \
  HOSTILE_PYTHON="$TOOLS/parsers/bin/python" npm test -- hostile-clients.nightly
timed 'another signs a person in and out in a browser' env CONCLAVE_NIGHTLY=1 \
  SIMPLESAMLPHP="${SIMPLESAMLPHP:-/usr/share/simplesamlphp}" npm test -- simplesamlphp.nightly
timed 'a KMS by others keeps the keys of keys' env CONCLAVE_NIGHTLY=1 LOCAL_KMS="$GOBIN/local-kms" \
  npm test -- local-kms.nightly
# A folder with checkouts of node-saml (1d8d66f) and python3-saml (0320fd4) under these names.
[ -z "${SAML_CORPUS:-}" ] || timed 'the invalid responses of others are refused' env CONCLAVE_NIGHTLY=1 npm test -- public-corpora.nightly
# Its modules are in no proxy: build or fetch it yourself.
[ -z "${OPENBAO:-}" ] || timed 'OpenBao keeps the keys of keys' env CONCLAVE_NIGHTLY=1 npm test -- openbao.nightly
timed "logs and exports hold by others' programs" env CONCLAVE_NIGHTLY=1 S3_SERVER="$GOBIN/versitygw" \
  TLOG_VERIFIER="$GOBIN/tlog" SYSLOG_READER="$GOBIN/syslog" EXPORTS_PYTHON="$TOOLS/parsers/bin/python" \
  npm test -- others-code.nightly s3-log-store.nightly

say passed
