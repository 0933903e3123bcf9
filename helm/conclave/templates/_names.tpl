{{/*
Base of every name. It begins with a letter whatever the release is called (Service names must) and leaves room for the
longest suffix within 63 characters; a release name too long for that is cut and told apart by its digest.
*/}}
{{- define "conclave.base" -}}
{{- $name := .Release.Name -}}
{{- if not (hasPrefix "conclave" $name) }}{{ $name = printf "conclave-%s" $name }}{{ end -}}
{{- if gt (len $name) 40 }}{{ $name = printf "%s-%s" (trunc 31 $name | trimSuffix "-") (sha256sum $name | trunc 8) }}{{ end -}}
{{- $name -}}
{{- end }}

{{/* Name of a component's objects: (dict "root" $ "component" "auth"). */}}
{{- define "conclave.name" -}}
{{- printf "%s-%s" (include "conclave.base" .root) .component -}}
{{- end }}

{{/* What selects the pods of a component; never changes between releases. */}}
{{- define "conclave.selector" -}}
app.kubernetes.io/name: conclave
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{- define "conclave.labels" -}}
{{ include "conclave.selector" . }}
app.kubernetes.io/part-of: conclave
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/* The one image; a digest wins over the tag. */}}
{{- define "conclave.image" -}}
{{- $image := .Values.image -}}
{{- $reference := ternary (printf "@%s" $image.digest) (printf ":%s" ($image.tag | default .Chart.AppVersion)) (ne $image.digest "") -}}
{{- printf "%s/%s%s" (trimSuffix "/" $image.registry) $image.repository $reference -}}
{{- end }}

{{/*
A service as configured: each key it sets replaces that key of `defaults` as a whole, so that reading one line of
values tells what holds. Returned as YAML, for fromYaml.
*/}}
{{- define "conclave.service" -}}
{{- $merged := deepCopy .root.Values.defaults -}}
{{- range $key, $value := index .root.Values.services .service }}{{ $_ := set $merged $key $value }}{{ end -}}
{{- if .root.Values.telemetry.endpoint }}{{ $_ := set $merged "calls" (append $merged.calls "telemetry") }}{{ end -}}
{{- toYaml $merged -}}
{{- end }}

{{/* A Kubernetes quantity as a number. */}}
{{- define "conclave.amount" -}}
{{- $text := printf "%v" . -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- $factor := index (dict "" 1.0 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0) $unit -}}
{{- mulf (trimSuffix $unit $text | float64) $factor -}}
{{- end }}
