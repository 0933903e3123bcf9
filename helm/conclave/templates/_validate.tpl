{{/* What the schema cannot say: rules over several values. Every fault is reported at once, with what to do about it. */}}
{{- define "conclave.validate" -}}
{{- $faults := list -}}
{{- $values := .Values -}}
{{- $production := eq $values.profile "production" -}}
{{- $unreachable := dict -}}
{{- $environment := .Files.Get "files/environment.json" | fromJson -}}

{{- if eq $values.image.registry "" -}}
{{- $faults = append $faults "image.registry is required: the registry (and path) your cluster pulls Conclave's image from" -}}
{{- end -}}
{{- if eq $values.logHost "" -}}
{{- $faults = append $faults "logHost is required: the host name that begins the name of every audit log; it is in every receipt and never changes" -}}
{{- end -}}
{{- if and $production (eq $values.image.digest "") (eq $values.image.tag "latest") -}}
{{- $faults = append $faults "image.tag \"latest\" can change under a running release: name a version or set image.digest" -}}
{{- end -}}

{{- $bounded := dict "jobs" $values.jobs.resources -}}
{{- range $service, $_ := $values.services -}}
{{- $at := printf "services.%s" $service -}}
{{- $s := include "conclave.service" (dict "root" $ "service" $service) | fromYaml -}}
{{- $keys := index $environment $service -}}
{{- $replicas := $s.replicas -}}
{{- with $s.autoscaling -}}
{{- $replicas = .min -}}
{{- if and .backlogPercent (ne $service "runtime") -}}
{{- $faults = append $faults (printf "%s.autoscaling.backlogPercent: only services.runtime has a backlog" $at) -}}
{{- end -}}
{{- if gt (int .min) (int .max) -}}
{{- $faults = append $faults (printf "%s.autoscaling.min (%v) is above max (%v)" $at .min .max) -}}
{{- end -}}
{{- end -}}
{{- if and $production (lt (int $replicas) 2) -}}
{{- $faults = append $faults (printf "%s has one replica, so every rollout and every lost node interrupts it: set replicas (or autoscaling.min) to 2 or more, or profile to eval" $at) -}}
{{- end -}}
{{- with $s.data -}}
{{- if and (gt (int $replicas) 1) (eq .accessMode "ReadWriteOnce") -}}
{{- $faults = append $faults (printf "%s has %v replicas that share one volume: data.accessMode must be ReadWriteMany" $at $replicas) -}}
{{- end -}}
{{- end -}}

{{- with $s.data -}}
{{- if and $production (not .existingClaim) (not .storageClassName) -}}
{{- $faults = append $faults (printf "%s.data needs a storageClassName that provides %s, or an existingClaim: the default class of most clusters does not, and the claim would wait for ever" $at .accessMode) -}}
{{- end -}}
{{- end -}}

{{- $_ := set $bounded $at $s.resources -}}
{{- if ($s.sandbox).unmaskedProc -}}
{{- $slots := get ($s.env | default dict) "WORKER_SLOTS" | default "4" | int -}}
{{- $bound := get ($s.env | default dict) "SANDBOX_MEMORY_BYTES" | default "4294967296" | float64 -}}
{{- $needed := addf (mulf $slots (addf $bound 1073741824.0)) 536870912.0 -}}
{{- if gt $needed (include "conclave.amount" $s.resources.limits.memory | float64) -}}
{{- $faults = append $faults (printf "%s.resources.limits.memory (%v) is below the %.1fGi that %d sandboxes at once may take: raise it, or lower env.WORKER_SLOTS or env.SANDBOX_MEMORY_BYTES (README, \"Sandboxes\")" $at $s.resources.limits.memory (divf $needed 1073741824.0) $slots) -}}
{{- end -}}
{{- end -}}

{{- if and ($s.sandbox).unmaskedProc (ne $s.sandbox.seccompProfile.type "Localhost") -}}
{{- $faults = append $faults (printf "%s.sandbox.unmaskedProc is of no use without a seccompProfile that lets sandboxes start (README, \"Sandboxes\")" $at) -}}
{{- end -}}
{{- with ($s.sandbox).seccompProfile -}}
{{- if and (eq .type "Localhost") (not .localhostProfile) -}}
{{- $faults = append $faults (printf "%s.sandbox.seccompProfile.localhostProfile is required with type Localhost: the profile's file on the nodes" $at) -}}
{{- end -}}
{{- end -}}

{{- $required := list "nats" -}}
{{- if has "DATABASE_URL" $keys.secret }}{{ $required = append $required "postgres" }}{{ end -}}
{{- if eq $service "gateway" }}{{ $required = append $required "runtime" }}{{ end -}}
{{- range $required -}}
{{- if not (has . $s.calls) -}}
{{- $faults = append $faults (printf "%s.calls lacks %s, without which it does not become ready" $at .) -}}
{{- end -}}
{{- end -}}
{{- range $s.calls -}}
{{- if eq . $service -}}
{{- $faults = append $faults (printf "%s.calls names the service itself" $at) -}}
{{- else if hasKey $values.services . -}}
{{- else if not (hasKey $values.network.destinations .) -}}
{{- $faults = append $faults (printf "%s.calls names \"%s\", which is neither a service nor one of network.destinations (%s)" $at . (keys $values.network.destinations | sortAlpha | join ", ")) -}}
{{- else if not (index $values.network.destinations .).peers -}}
{{- $_ := set $unreachable . (append (index $unreachable . | default list) $service) -}}
{{- end -}}
{{- end -}}

{{- range $name, $value := $s.env | default dict -}}
{{- if has $name (concat $keys.secret $keys.optionalSecret) -}}
{{- $faults = append $faults (printf "%s.env.%s is a secret: put it into the Secret %s instead" $at $name $s.existingSecret) -}}
{{- else if has $name (list "SERVICE" "NODE_ENV" "HTTP_HOST" "HTTP_PORT" "NATS_URL" "LOG_LEVEL" "SHUTDOWN_GRACE_MS" "SERVICE_KEYS" "OTEL_EXPORTER_OTLP_ENDPOINT" "DATA_DIR" "INTERNAL_URLS" "PUBLIC_URL" "AUDIT_LOG_HOST") -}}
{{- $faults = append $faults (printf "%s.env.%s is set by the chart from other values" $at $name) -}}
{{- else if not (hasKey $keys.plain $name) -}}
{{- $faults = append $faults (printf "%s.env.%s is not read by %s; it reads %s" $at $name $service (keys $keys.plain | sortAlpha | join ", ")) -}}
{{- else if and (has $name $keys.numbers) (not (regexMatch "^[0-9]+$" $value)) -}}
{{- $faults = append $faults (printf "%s.env.%s must be a number; it is \"%s\"" $at $name $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- range $at, $resources := $bounded -}}
{{- range $resource, $request := $resources.requests -}}
{{- $limit := get $resources.limits $resource -}}
{{- if and $limit (gt (include "conclave.amount" $request | float64) (include "conclave.amount" $limit | float64)) -}}
{{- $faults = append $faults (printf "%s.resources: requests.%s (%v) is above limits.%s (%v)" (trimSuffix ".resources" $at) $resource $request $resource $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if $values.network.policies -}}
{{- $places := dict -}}
{{- range splitList "," $values.nats.url }}{{ $_ := set $places (printf "nats.url (%s)" .) (list "nats" (regexFind "[0-9]+$" (regexFind ":[0-9]+/?$" . | trimSuffix "/") | default "4222")) }}{{ end -}}
{{- with $values.telemetry.endpoint -}}
{{- $_ := set $places (printf "telemetry.endpoint (%s)" .) (list "telemetry" (regexFind "[0-9]+$" (urlParse .).host | default (ternary "443" "80" (hasPrefix "https:" .)))) -}}
{{- end -}}
{{- range $what, $place := $places -}}
{{- $port := (index $values.network.destinations (first $place)).port | int -}}
{{- if ne (last $place | int) $port -}}
{{- $faults = append $faults (printf "%s is at port %s, but network.destinations.%s lets pods out to port %d only" $what (last $place) (first $place) $port) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- range $destination, $callers := ternary $unreachable dict $values.network.policies -}}
{{- $faults = append $faults (printf "network.destinations.%s.peers is empty, so nothing could reach it, and %s would: say where it is (NetworkPolicy peers), or set network.policies to false" $destination (join ", " $callers)) -}}
{{- end -}}

{{- if $values.airgap -}}
{{- if eq $values.image.digest "" -}}
{{- $faults = append $faults "image.digest is required with airgap: what was carried in is named by its content" -}}
{{- end -}}
{{- range $destination, $it := $values.network.destinations -}}
{{- range $it.peers -}}
{{- if has ((.ipBlock).cidr) (list "0.0.0.0/0" "::/0") -}}
{{- $faults = append $faults (printf "network.destinations.%s.peers reaches everywhere, which airgap rules out" $destination) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not $values.network.policies -}}
{{- $faults = append $faults "network.policies is false, which airgap rules out" -}}
{{- end -}}
{{- end -}}

{{- $exposure := $values.exposure -}}
{{- if and (ne $exposure.kind "none") (eq $exposure.hostname "") -}}
{{- $faults = append $faults (printf "exposure.hostname is required with exposure.kind %s: the name people use" $exposure.kind) -}}
{{- end -}}
{{- if and $values.network.policies (ne $exposure.kind "none") (not $exposure.allowFrom) -}}
{{- $faults = append $faults (printf "exposure.allowFrom is required with exposure.kind %s: the proxy's pods, or its nodes as ipBlock; the edge believes what they say of a client's address" $exposure.kind) -}}
{{- end -}}
{{- if and $production (eq $exposure.kind "ingress") (eq $exposure.tlsSecret "") -}}
{{- $faults = append $faults "exposure.tlsSecret is required in production: keys and sign-ins would cross the network in clear" -}}
{{- end -}}
{{- if and (eq $exposure.kind "gatewayApi") (not $exposure.parentRefs) -}}
{{- $faults = append $faults "exposure.parentRefs is required with exposure.kind gatewayApi: the Gateway that carries the route" -}}
{{- end -}}

{{- if $faults -}}
{{- fail (printf "\n\nThese values cannot be installed:\n  - %s\n" (join "\n  - " $faults)) -}}
{{- end -}}
{{- end }}
