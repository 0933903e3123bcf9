{{/* Egress rules to DNS and to each of `calls`: a service of this release, or a place of network.destinations. */}}
{{- define "conclave.egress" -}}
{{- $root := .root -}}
- to:
    {{- toYaml $root.Values.network.dns.peers | nindent 4 }}
  ports:
    - { protocol: UDP, port: {{ $root.Values.network.dns.port }} }
    - { protocol: TCP, port: {{ $root.Values.network.dns.port }} }
{{- range .calls }}
{{- if hasKey $root.Values.services . }}
- to:
    - podSelector:
        matchLabels:
          {{- include "conclave.selector" (dict "root" $root "component" .) | nindent 10 }}
  ports:
    - { protocol: TCP, port: 8080 }
{{- else }}
{{- $destination := index $root.Values.network.destinations . }}
{{- with $destination.peers }}
- to:
    {{- toYaml . | nindent 4 }}
  ports:
    - { protocol: TCP, port: {{ $destination.port }} }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
