{{/*
What a service is told besides its secrets: (dict "root" $ "service" "auth" "values" …). The chart's own part first,
then `env` of all services, then the service's.
*/}}
{{- define "conclave.serviceEnv" -}}
{{- $root := .root -}}
{{- $own := dict "SERVICE" .service "HTTP_PORT" "8080" "NATS_URL" $root.Values.nats.url "LOG_LEVEL" $root.Values.logLevel -}}
{{- $_ := set $own "SHUTDOWN_GRACE_MS" (printf "%d" (mul 1000 (int .values.shutdown.graceSeconds))) -}}
{{- with $root.Values.telemetry.endpoint }}{{ $_ := set $own "OTEL_EXPORTER_OTLP_ENDPOINT" . }}{{ end -}}
{{- if .values.data }}{{ $_ := set $own "DATA_DIR" "/data" }}{{ end -}}
{{- if has .service (list "audit" "consensus") }}{{ $_ := set $own "AUDIT_LOG_HOST" $root.Values.logHost }}{{ end -}}
{{- if and (eq .service "consensus") $root.Values.exposure.hostname (hasPrefix "https:" (include "conclave.publicUrl" $root)) }}{{ $_ := set $own "PASSKEY_ORIGINS" (include "conclave.publicUrl" $root) }}{{ end -}}
{{- if eq .service "gateway" -}}
{{- $urls := dict -}}
{{- range .values.calls -}}
{{- if hasKey $root.Values.services . }}{{ $_ := set $urls . (printf "http://%s:8080" (include "conclave.name" (dict "root" $root "component" .))) }}{{ end -}}
{{- end -}}
{{- $_ := set $own "INTERNAL_URLS" (toJson $urls) -}}
{{- if ne $root.Values.exposure.kind "none" }}{{ $_ := set $own "TRUSTED_PROXY_HOPS" "1" }}{{ end -}}
{{- $_ := set $own "RATE_LIMIT_REPLICAS" (printf "%d" (int (ternary (dig "max" 1 (.values.autoscaling | default dict)) .values.replicas (not (empty .values.autoscaling))))) -}}
{{- $name := include "conclave.name" (dict "root" $root "component" "gateway") -}}
{{- $_ := set $own "ALLOWED_HOSTS" (printf "%[1]s,%[1]s.%[2]s,%[1]s.%[2]s.svc,%[1]s.%[2]s.svc.cluster.local" $name $root.Release.Namespace) -}}
{{- end -}}
{{- if and (has .service (list "auth" "gateway")) $root.Values.exposure.hostname }}{{ $_ := set $own "PUBLIC_URL" (include "conclave.publicUrl" $root) }}{{ end -}}
{{- $env := .values.env | default dict -}}
{{- /* Names that are added to the chart's own, and replace none of them. */ -}}
{{- if and (hasKey $own "ALLOWED_HOSTS") (hasKey $env "ALLOWED_HOSTS") }}{{ $env = set (deepCopy $env) "ALLOWED_HOSTS" (printf "%s,%s" $own.ALLOWED_HOSTS $env.ALLOWED_HOSTS) }}{{ end -}}
{{- range $name, $value := merge (dict) $env $own }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
- name: SERVICE_KEYS
  valueFrom:
    configMapKeyRef: { name: {{ $root.Values.serviceKeys.configMap | quote }}, key: SERVICE_KEYS }
{{- include "conclave.caEnv" $root }}
{{- end }}

{{- define "conclave.publicUrl" -}}
{{- printf "%s://%s" (ternary "https" "http" (or (eq .Values.exposure.kind "gatewayApi") (ne .Values.exposure.tlsSecret ""))) .Values.exposure.hostname -}}
{{- end }}
