{{/* Restricted pod security, for services, jobs, hooks and tests alike. */}}
{{- define "conclave.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The dict is empty, or the `sandbox` of a service: what bubblewrap needs of its container. */}}
{{- define "conclave.containerSecurity" -}}
securityContext:
  runAsNonRoot: true
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  {{- with .seccompProfile }}
  seccompProfile:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .unmaskedProc }}
  procMount: Unmasked
  {{- end }}
{{- end }}

{{/* Variables of a Secret, one by one: a key that is missing stops the pod and is named by the event. */}}
{{- define "conclave.secretEnv" -}}
{{- range .required }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $.secret | quote }}, key: {{ . }} }
{{- end }}
{{- range .optional }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $.secret | quote }}, key: {{ . }}, optional: true }
{{- end }}
{{- end }}

{{- define "conclave.caEnv" -}}
{{- if .Values.tls.caConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/conclave/ca/ca.crt
{{- end }}
{{- end }}

{{- define "conclave.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.tls.caConfigMap }}
- name: ca
  mountPath: /etc/conclave/ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "conclave.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: {{ .tmpSize | default "256Mi" | quote }} }
{{- if .root.Values.tls.caConfigMap }}
- name: ca
  configMap: { name: {{ .root.Values.tls.caConfigMap | quote }} }
{{- end }}
{{- end }}

{{/* Spread over zones and hosts; the pods of one revision count, so that a rollout ends spread as well. */}}
{{- define "conclave.spread" -}}
topologySpreadConstraints:
  {{- range $key, $when := dict "topology.kubernetes.io/zone" .spread.zone "kubernetes.io/hostname" .spread.host }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $when }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "conclave.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{- define "conclave.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}
