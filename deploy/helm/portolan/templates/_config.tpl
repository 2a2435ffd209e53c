{{/* The config file, and what follows from it. */}}

{{/* The file as the gateway reads it. */}}
{{- define "portolan.configFile" -}}
{{- with .Values.configRevision -}}
# revision {{ . | quote }}
{{ end -}}
{{- if .Values.configText -}}
{{ .Values.configText }}
{{- else -}}
{{ toYaml .Values.config }}
{{- end -}}
{{- end -}}

{{/* The config as a map, also where it is given as text. Text that is no YAML is for `portolan check` to tell of. */}}
{{- define "portolan.configMap" -}}
{{- if .Values.configText -}}
{{- $parsed := fromYaml .Values.configText -}}
{{- if hasKey $parsed "Error" -}}{}{{- else -}}{{ toYaml $parsed }}{{- end -}}
{{- else -}}
{{ toYaml .Values.config }}
{{- end -}}
{{- end -}}

{{/* What of the config takes effect only when the gateway starts (docs/configuration.md, "Reloading"): pods are replaced when
it changes, and only then. */}}
{{- define "portolan.configAtStart" -}}
{{- $config := include "portolan.configMap" . | fromYaml -}}
{{- $parts := pick $config "listen" "limits" -}}
{{- if kindIs "map" $config.timeouts -}}{{- $_ := set $parts "timeouts" (pick $config.timeouts "stream_hold" "heartbeat") -}}{{- end -}}
{{- if kindIs "map" $config.upstream -}}{{- $_ := set $parts "upstream" (pick $config.upstream "allow" "ca") -}}{{- end -}}
{{- if kindIs "map" $config.callers -}}{{- $_ := set $parts "callers" (omit $config.callers "keys") -}}{{- end -}}
{{- range $key := list "timeouts" "upstream" "callers" -}}
{{- if not (get $parts $key) -}}{{- $_ := unset $parts $key -}}{{- end -}}
{{- end -}}
{{- toJson $parts -}}
{{- end -}}

{{/* What makes an object a part of the check before an install or upgrade: include with a weight, by which they are made in
turn. They are gone when the check has passed; when it has not, they stay for their log until the next one. */}}
{{- define "portolan.configCheckHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
