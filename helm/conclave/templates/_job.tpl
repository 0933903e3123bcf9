{{/*
A pod that does one thing and ends: (dict "root" $ "component" "migrate" "args" list "env" list
"secret" "name" "keys" list). Restricted like every other, and without a ServiceAccount of ours: hooks run before any exists.
*/}}
{{- define "conclave.jobPod" -}}
metadata:
  labels:
    {{- include "conclave.selector" . | nindent 4 }}
spec:
  {{- include "conclave.podSecurity" .root | nindent 2 }}
  restartPolicy: Never
  containers:
    - name: {{ .component }}
      image: {{ include "conclave.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      {{- include "conclave.containerSecurity" dict | nindent 6 }}
      {{- with .args }}
      args: {{ toJson . }}
      {{- end }}
      env:
        {{- range $name, $value := .env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- with include "conclave.caEnv" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with include "conclave.secretEnv" (dict "secret" .secret "required" .keys) | trim }}
        {{- . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .root.Values.jobs.resources | nindent 8 }}
      volumeMounts:
        {{- include "conclave.mounts" .root | nindent 8 }}
  volumes:
    {{- include "conclave.volumes" (dict "root" .root) | nindent 4 }}
{{- end }}

{{/* What such a pod may reach: (dict "root" $ "component" "migrate" "calls" list "annotations" dict). */}}
{{- define "conclave.jobPolicy" -}}
{{- if .root.Values.network.policies }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "conclave.name" . }}
  labels:
    {{- include "conclave.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "conclave.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "conclave.egress" (dict "root" .root "calls" .calls) | nindent 4 }}
---
{{- end }}
{{- end }}

{{/* A Job cannot be changed: unless Helm deletes it first, as a hook, its name is that of its content. */}}
{{- define "conclave.job" -}}
{{- $pod := include "conclave.jobPod" . -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "conclave.name" . }}{{ if not .annotations }}-{{ sha256sum $pod | trunc 8 }}{{ end }}
  labels:
    {{- include "conclave.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  backoffLimit: 5
  activeDeadlineSeconds: {{ .root.Values.jobs.timeoutSeconds }}
  {{- with .ttlSeconds }}
  ttlSecondsAfterFinished: {{ . }}
  {{- end }}
  template:
    {{- $pod | nindent 4 }}
{{- end }}

{{- define "conclave.hook" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
