{{/* Names and labels: of every object, here and nowhere else. */}}

{{- define "portolan.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for what is added to it below to stay within the 63 characters of a DNS label. */}}
{{- define "portolan.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains (include "portolan.name" .) .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "portolan.name" .) | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "portolan.grpcName" -}}{{ include "portolan.fullname" . }}-grpc{{- end -}}
{{- define "portolan.adminName" -}}{{ include "portolan.fullname" . }}-admin{{- end -}}
{{- define "portolan.configName" -}}{{ include "portolan.fullname" . }}-config{{- end -}}
{{- define "portolan.configCheckName" -}}{{ include "portolan.fullname" . }}-config-check{{- end -}}
{{- define "portolan.dashboardName" -}}{{ include "portolan.fullname" . }}-dashboard{{- end -}}

{{- define "portolan.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "portolan.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "portolan.externalSecretName" -}}
{{- default (printf "%s-keys" (include "portolan.fullname" .)) .Values.externalSecret.name -}}
{{- end -}}

{{/* The Secret of the certificate, whoever makes it. */}}
{{- define "portolan.tlsSecretName" -}}
{{- if .Values.tls.certManager.enabled -}}
{{- include "portolan.fullname" . }}-tls
{{- else -}}
{{- .Values.tls.secret -}}
{{- end -}}
{{- end -}}

{{- define "portolan.clientCaSecretName" -}}
{{- default (include "portolan.tlsSecretName" .) .Values.tls.clientCa.secret -}}
{{- end -}}

{{- define "portolan.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end -}}

{{/* What never changes in the life of a release. */}}
{{- define "portolan.releaseLabels" -}}
app.kubernetes.io/name: {{ include "portolan.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What chooses the pods that serve, and no others. */}}
{{- define "portolan.selectorLabels" -}}
{{ include "portolan.releaseLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{/* What chooses the Service that Prometheus finds the admin listeners by. */}}
{{- define "portolan.adminSelectorLabels" -}}
{{ include "portolan.releaseLabels" . }}
app.kubernetes.io/component: admin
{{- end -}}

{{/* What every object has besides the labels that tell which it is. */}}
{{- define "portolan.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object: include with a dict of root, name and, where they are not the usual ones, labels (of the
object itself), extraLabels and annotations (maps). */}}
{{- define "portolan.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- default (include "portolan.selectorLabels" .root) .labels | nindent 2 }}
  {{- include "portolan.commonLabels" .root | nindent 2 }}
  {{- with .extraLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge dict (default dict .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "portolan.configCheckLabels" -}}
{{ include "portolan.releaseLabels" . }}
app.kubernetes.io/component: config-check
{{- end -}}
