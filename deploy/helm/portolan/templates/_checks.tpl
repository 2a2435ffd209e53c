{{/* What the schema cannot say: values that do not go together. Each is told by its name. */}}
{{- define "portolan.checks" -}}
{{- $v := .Values -}}
{{- if and .Values.config .Values.configText -}}
{{- fail "configText: there is a config as well; set one of both" -}}
{{- end -}}
{{- $config := include "portolan.configMap" . | fromYaml -}}
{{- $listen := default dict $config.listen -}}
{{- range $key, $value := dict "http" "http.service.port" "grpc" "grpc.service.enabled" "admin" "keys.admin.secret" "drain_delay" "drain.delaySeconds" "grace" "drain.graceSeconds" "grpc_max_connection_age" "grpc.maxConnectionAge" -}}
{{- if and (kindIs "map" $listen) (hasKey $listen $key) -}}
{{- fail (printf "config.listen.%s: the chart sets it itself; see the value %s" $key $value) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $config "tls" -}}
{{- fail "config.tls: the chart sets it itself; see the values tls.*" -}}
{{- end -}}
{{- if $v.tls.enabled -}}
{{- if and $v.tls.certManager.enabled $v.tls.secret -}}
{{- fail "tls.secret: the certificate is made by cert-manager (tls.certManager.enabled); set one of both" -}}
{{- end -}}
{{- if not (or $v.tls.certManager.enabled $v.tls.secret) -}}
{{- fail "tls.enabled: needs tls.secret, or tls.certManager.enabled" -}}
{{- end -}}
{{- if and $v.tls.certManager.enabled (not $v.tls.certManager.issuer.name) -}}
{{- fail "tls.certManager.issuer.name: cert-manager needs an issuer" -}}
{{- end -}}
{{- if and (eq $v.tls.clientAuth "required") (not $v.keys.admin.secret) -}}
{{- fail "tls.clientAuth: probes have no certificate, so that with \"required\" they must ask the admin listener: set keys.admin.secret" -}}
{{- end -}}
{{- else if or $v.tls.certManager.enabled $v.tls.secret (ne $v.tls.clientAuth "none") -}}
{{- fail "tls.enabled: is false, but tls.secret, tls.certManager.enabled or tls.clientAuth is set" -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor.enabled (not $v.keys.admin.secret) -}}
{{- fail "monitoring.serviceMonitor.enabled: Prometheus reaches the metrics only with an admin key: set keys.admin.secret" -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.networkPolicy.adminFrom) -}}
{{- fail "networkPolicy.adminFrom: lets nobody reach the metrics, but monitoring.serviceMonitor.enabled is set; name Prometheus's pods" -}}
{{- end -}}
{{- if and $v.monitoring.prometheusRule.enabled (not (regexMatch "^https?://[^/?#]+[^#]*$" $v.monitoring.prometheusRule.runbooks)) -}}
{{- fail "monitoring.prometheusRule.runbooks: must be the URL under which docs/runbooks.md is found (https://..., without a #), as each alert links to it" -}}
{{- end -}}
{{- if and $v.http.ingress.enabled (not $v.http.ingress.hosts) -}}
{{- fail "http.ingress.hosts: an Ingress needs one host at least" -}}
{{- end -}}
{{- if and $v.http.route.enabled (not $v.http.route.parentRefs) -}}
{{- fail "http.route.parentRefs: an HTTPRoute needs a Gateway" -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- if not (or $v.autoscaling.cpu.averageUtilization $v.autoscaling.openStreams.averageValue) -}}
{{- fail "autoscaling.enabled: needs autoscaling.cpu.averageUtilization or autoscaling.openStreams.averageValue" -}}
{{- end -}}
{{- if gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas: is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}
{{- if $v.externalSecret.enabled -}}
{{- if not $v.externalSecret.secretStore.name -}}
{{- fail "externalSecret.secretStore.name: an ExternalSecret needs a store" -}}
{{- end -}}
{{- if not (or $v.externalSecret.data $v.externalSecret.dataFrom) -}}
{{- fail "externalSecret.data: an ExternalSecret needs entries, here or in externalSecret.dataFrom" -}}
{{- end -}}
{{- end -}}
{{- if and $v.drain.preStopSeconds (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "drain.preStopSeconds: needs Kubernetes 1.30, as the image has no shell that could wait; this is %s" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if not (or $v.rollout.maxSurge $v.rollout.maxUnavailable) -}}
{{- fail "rollout.maxSurge: is 0 as rollout.maxUnavailable is; an update could not go on" -}}
{{- end -}}
{{- range $flag, $value := dict "config" "config" "http" "http.service.port" "grpc" "grpc.service.enabled" "admin" "keys.admin.secret" "drain-delay" "drain.delaySeconds" "grace" "drain.graceSeconds" "grpc-max-connection-age" "grpc.maxConnectionAge" "tls-cert" "tls.secret" "tls-key" "tls.secret" "tls-client-ca" "tls.clientCa.secret" "tls-client-auth" "tls.clientAuth" -}}
{{- range $v.extraArgs -}}
{{- if eq (regexFind "^--[a-z-]+" .) (printf "--%s" $flag) -}}
{{- fail (printf "extraArgs: the chart sets --%s itself; see the value %s" $flag $value) -}}
{{- end -}}
{{- end -}}
{{- range $v.extraEnv -}}
{{- if eq .name (printf "PORTOLAN_%s" ($flag | upper | replace "-" "_")) -}}
{{- fail (printf "extraEnv: %s: the chart sets --%s itself; see the value %s" .name $flag $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "portolan.checkCallers" . -}}
{{- end -}}

{{/* The gateway does not start where anybody could spend its provider keys. Said here where it is plain to see; where keys
may come from Secrets whose entries are not known here, the gateway says it. */}}
{{- define "portolan.checkCallers" -}}
{{- $v := .Values -}}
{{- $config := include "portolan.configMap" . | fromYaml -}}
{{- $callers := default dict $config.callers -}}
{{- $known := or $v.keys.callers.secret $v.keys.secrets $v.externalSecret.enabled $callers.keys $callers.allow_unauthenticated -}}
{{- range concat $v.keys.env $v.extraEnv -}}
{{- if has .name (list "PORTOLAN_CALLER_KEYS" "PORTOLAN_ALLOW_UNAUTHENTICATED") -}}{{- $known = true -}}{{- end -}}
{{- end -}}
{{- range $v.extraArgs -}}
{{- if hasPrefix "--allow-unauthenticated" . -}}{{- $known = true -}}{{- end -}}
{{- end -}}
{{- $holds := $v.keys.env -}}
{{- if kindIs "map" $config.providers -}}
{{- range $config.providers -}}
{{- if and (kindIs "map" .) (hasKey . "api_key") -}}{{- $holds = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $holds (not $known) -}}
{{- fail "keys.callers.secret: there are provider keys (keys.env, config.providers), and anybody who reaches the Services could spend them; name the Secret of the callers' keys, or set config.callers.keys, or config.callers.allow_unauthenticated where something in front authenticates callers" -}}
{{- end -}}
{{- end -}}
