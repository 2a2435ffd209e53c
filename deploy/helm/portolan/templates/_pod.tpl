{{/* What the gateway's containers have. The image has no shell: everything is said by arguments to its entry point. */}}

{{- define "portolan.args" -}}
- serve
- --config=/etc/portolan/gateway.yaml
- --http=:8787
- --grpc={{ ternary ":50051" "127.0.0.1:50051" .Values.grpc.service.enabled }}
- --grpc-max-connection-age={{ .Values.grpc.maxConnectionAge }}
- --admin={{ ternary ":8788" "127.0.0.1:8788" (not (empty .Values.keys.admin.secret)) }}
- --drain-delay={{ int .Values.drain.delaySeconds }}s
- --grace={{ int .Values.drain.graceSeconds }}s
{{- if .Values.tls.enabled }}
- --tls-cert=/run/secrets/portolan-tls/tls.crt
- --tls-key=/run/secrets/portolan-tls/tls.key
{{- if ne .Values.tls.clientAuth "none" }}
- --tls-client-ca=/run/secrets/portolan-client-ca/{{ .Values.tls.clientCa.key }}
- --tls-client-auth={{ .Values.tls.clientAuth }}
{{- end }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The time that a pod gets to end: what waits for load balancers, what calls may take, and for callers that keep their side
of a connection open (10 s at most) and the process's own end. */}}
{{- define "portolan.terminationSeconds" -}}
{{- add (int .Values.drain.preStopSeconds) (int .Values.drain.delaySeconds) (int .Values.drain.graceSeconds) 15 -}}
{{- end -}}

{{- define "portolan.env" -}}
{{- with .Values.keys.callers }}
{{- if .secret }}
- name: PORTOLAN_CALLER_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- with .Values.keys.admin }}
{{- if .secret }}
- name: PORTOLAN_ADMIN_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- range .Values.keys.env }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "portolan.envFrom" -}}
{{- range .Values.keys.secrets }}
- secretRef:
    name: {{ . }}
{{- end }}
{{- if and .Values.externalSecret.enabled (eq .Values.externalSecret.use "env") }}
- secretRef:
    name: {{ include "portolan.externalSecretName" . }}
{{- end }}
{{- end -}}

{{/* The Secrets that are mounted for file: references, as a JSON list. */}}
{{- define "portolan.fileSecrets" -}}
{{- $names := .Values.keys.files -}}
{{- if and .Values.externalSecret.enabled (eq .Values.externalSecret.use "files") -}}
{{- $names = append $names (include "portolan.externalSecretName" .) -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* The config is mounted as a folder: a file mounted by subPath would never see the ConfigMap change. */}}
{{- define "portolan.volumeMounts" -}}
- name: config
  mountPath: /etc/portolan
  readOnly: true
{{- range $i, $name := include "portolan.fileSecrets" . | fromJsonArray }}
- name: keys-{{ $i }}
  mountPath: /run/secrets/portolan/{{ $name }}
  readOnly: true
{{- end }}
{{- if .Values.tls.enabled }}
- name: tls
  mountPath: /run/secrets/portolan-tls
  readOnly: true
{{- if ne .Values.tls.clientAuth "none" }}
- name: client-ca
  mountPath: /run/secrets/portolan-client-ca
  readOnly: true
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "portolan.volumes" -}}
- name: config
  configMap:
    name: {{ include "portolan.configName" . }}
{{- range $i, $name := include "portolan.fileSecrets" . | fromJsonArray }}
- name: keys-{{ $i }}
  secret:
    secretName: {{ $name }}
    defaultMode: 0440
{{- end }}
{{- if .Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "portolan.tlsSecretName" . }}
    defaultMode: 0440
    items:
      - {key: tls.crt, path: tls.crt}
      - {key: tls.key, path: tls.key}
{{- if ne .Values.tls.clientAuth "none" }}
- name: client-ca
  secret:
    secretName: {{ include "portolan.clientCaSecretName" . }}
    defaultMode: 0440
    items:
      - key: {{ .Values.tls.clientCa.key }}
        path: {{ .Values.tls.clientCa.key }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A probe of a path: at the admin listener, which is plain and asks for no certificate, where it can be reached. */}}
{{- define "portolan.probe" -}}
httpGet:
  path: {{ .path }}
  {{- if .root.Values.keys.admin.secret }}
  port: admin
  {{- else }}
  port: http
  {{- if .root.Values.tls.enabled }}
  scheme: HTTPS
  {{- end }}
  {{- end }}
periodSeconds: {{ int .times.periodSeconds }}
timeoutSeconds: {{ int .times.timeoutSeconds }}
failureThreshold: {{ int .times.failureThreshold }}
{{- end -}}

{{- define "portolan.imagePullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
