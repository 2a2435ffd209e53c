#!/usr/bin/env python3
"""Runs the gateway as rendered manifests say: rendered.py PORTOLAN MANIFEST...

Kubernetes is played by a folder: what the pod mounts is there as kubelet lays it out, with Secrets of the right entries and
made-up keys. The init container checks the config, the gateway starts with its arguments on ports that are free, its probes
are asked, and what chooses pods and ports by name is held to the pod.
"""

import contextlib
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

PORTS = re.compile(r"REST on (\w+)://\S+?:(\d+), gRPC on \S*?:(\d+), admin on \w+://\S+?:(\d+)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def load(paths):
    return [document for path in paths for document in yaml.safe_load_all(pathlib.Path(path).read_text()) if document]


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def chooses(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def await_that(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"never came to be: {what}")


class Pod:
    """The Deployment's pod, with what it refers to."""

    def __init__(self, documents, folder):
        self.documents, self.folder = documents, pathlib.Path(folder)
        (self.deployment,) = [one for one in of_kind(documents, "Deployment")]
        self.spec = self.deployment["spec"]["template"]["spec"]
        self.labels = self.deployment["spec"]["template"]["metadata"]["labels"]
        self.gateway = self.container("containers", "gateway")
        self.check = self.container("initContainers", "check")
        self.mounts = {mount["mountPath"]: self.root(mount["mountPath"]) for mount in self.gateway["volumeMounts"]}
        self.lay_out()

    def container(self, kind, name):
        (found,) = [container for container in self.spec[kind] if container["name"] == name]
        return found

    def root(self, path):
        return self.folder / "root" / path.lstrip("/")

    def here(self, text):
        """Text with its paths in the container made those in the folder."""
        for path in sorted(self.mounts, key=len, reverse=True):
            text = text.replace(path + "/", f"{self.mounts[path]}/")
        return text

    def config(self):
        name = next(volume["configMap"]["name"] for volume in self.spec["volumes"] if volume["name"] == "config")
        (config,) = [one for one in of_kind(self.documents, "ConfigMap") if one["metadata"]["name"] == name]
        return config["data"]["gateway.yaml"]

    def lay_out(self):
        certificate(self.folder)
        texts = self.config() + " ".join(self.gateway["args"])
        volumes = {volume["name"]: volume for volume in self.spec["volumes"]}
        for mount in self.gateway["volumeMounts"]:
            volume, path = volumes[mount["name"]], mount["mountPath"]
            source = volume.get("secret") or volume.get("configMap")
            items = {item["path"] for item in source.get("items", [])}
            named = set(re.findall(re.escape(path) + r"/([-._a-zA-Z0-9]+)", texts))
            if items and not named <= items:
                raise AssertionError(f"{path}: the pod names {named}, the volume has {items}")
            if mount["name"] == "config":
                assert named == {"gateway.yaml"}, named
                self.swap(self.config())
                continue
            self.root(path).mkdir(parents=True)
            for name in named:
                (self.root(path) / name).write_bytes(self.content(name))

    def content(self, name):
        file = {"tls.crt": "cert.pem", "tls.key": "key.pem", "ca.crt": "cert.pem", "authorities.pem": "cert.pem"}.get(name)
        return (self.folder / file).read_bytes() if file else f"made-up-{name}\n".encode()

    def swap(self, text):
        """Puts a config where the pod has it, as kubelet does: a folder of its own, and a link that is swapped."""
        mount = self.root("/etc/portolan")
        mount.mkdir(parents=True, exist_ok=True)
        data = mount / f"..{time.monotonic_ns()}"
        data.mkdir()
        (data / "gateway.yaml").write_text(self.here(text))
        link = mount / "..data_tmp"
        link.symlink_to(data.name)
        link.rename(mount / "..data")
        if not (mount / "gateway.yaml").is_symlink():
            (mount / "gateway.yaml").symlink_to("..data/gateway.yaml")

    def environment(self, container):
        variables = {}
        for source in container.get("envFrom", []):
            name = source["secretRef"]["name"]
            for secret in of_kind(self.documents, "ExternalSecret"):
                if secret["spec"]["target"]["name"] == name:
                    variables.update({entry["secretKey"]: "made-up" for entry in secret["spec"].get("data", [])})
            # Where the entries are not known: what a gateway with provider keys needs.
            variables.setdefault("PORTOLAN_CALLER_KEYS", "made-up-caller")
            variables["OPENAI_API_KEY"] = "made-up-openai"
        for variable in container.get("env", []):
            secret = "valueFrom" in variable
            variables[variable["name"]] = f"made-up-{variable['name'].lower()}" if secret else variable["value"]
        return variables

    def checks_config(self, portolan, text=None):
        """What the init container says."""
        if text is not None:
            self.swap(text)
        return subprocess.run([portolan, *map(self.here, self.check["args"])], env=self.environment(self.check), text=True,
                              capture_output=True)

    @contextlib.contextmanager
    def runs(self, portolan):
        """The gateway's container, on ports that are free."""
        arguments = [re.sub(r"^(--(?:http|grpc|admin)=.*):\d+$", r"\1:0", self.here(argument)) for argument in self.gateway["args"]]
        # Ends at once, when the test ends it.
        arguments = [re.sub(r"^--(drain-delay|grace)=.*$", r"--\1=0s", argument) for argument in arguments]
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen([portolan, *arguments], env=self.environment(self.gateway), text=True, stdout=subprocess.PIPE,
                                       stderr=log)
        try:
            line = process.stdout.readline()
            ports = PORTS.search(line)
            assert ports, line + (self.folder / "log").read_text()
            yield Gateway(process, ports[1], int(ports[2]), int(ports[3]), int(ports[4]), self.environment(self.gateway))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Gateway:
    def __init__(self, process, scheme, http, grpc, admin, environment):
        self.process, self.ports = process, {"http": http, "grpc": grpc, "admin": admin}
        self.schemes = {"http": scheme, "admin": "http"}
        self.admin_key = environment.get("PORTOLAN_ADMIN_KEY", "")
        self.caller_key = environment.get("PORTOLAN_CALLER_KEYS", "").split(",")[0]

    def get(self, port, path, scheme=None, key=None, body=None, headers=None):
        """The status and the text of an answer."""
        context = ssl.create_default_context()
        # As kubelet does: it asks for no certificate that it knows.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        headers = {**({"content-type": "application/json"} if body else {}), **(headers or {})}
        if key:
            headers["authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{scheme or self.schemes[port]}://127.0.0.1:{self.ports[port]}{path}", data=body, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metrics(self):
        status, text = self.get("admin", "/metrics", key=self.admin_key)
        assert status == 200, text
        return text

    def metric(self, name):
        return float(re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", self.metrics(), re.MULTILINE)[1])


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=gateway", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * SECONDS[unit]


def check_names(pod):
    """What the other objects choose by labels and by names of ports is the pod's."""
    documents = pod.documents
    flags = dict(re.fullmatch(r"--([a-z-]+)=(.*)", argument).groups() for argument in pod.gateway["args"][1:] if "=" in argument)
    ports = {port["name"]: port["containerPort"] for port in pod.gateway["ports"]}
    for name, port in ports.items():
        assert flags[name].rsplit(":", 1) == ["", str(port)], f"{name}: the pod has {port}, the gateway listens on {flags[name]}"
    for name in {"http", "grpc", "admin"} - set(ports):
        assert flags[name].startswith("127.0.0.1:"), f"{name} is reachable and no port of the pod"
    assert pod.deployment["spec"]["selector"]["matchLabels"].items() <= pod.labels.items()
    admin_services = []
    for service in of_kind(documents, "Service"):
        assert chooses(service["spec"]["selector"], pod.labels), service
        targets = {port["targetPort"] for port in service["spec"]["ports"]}
        assert targets <= set(ports), targets
        if "admin" in targets:
            assert targets == {"admin"} and service["spec"]["clusterIP"] == "None", service
            admin_services.append(service)
        if service["spec"].get("clusterIP") == "None":
            # A headless Service's name stands for the pods themselves, whose ports nothing changes.
            assert all(ports[port["targetPort"]] == port["port"] for port in service["spec"]["ports"]), service
    for monitor in of_kind(documents, "ServiceMonitor"):
        chosen = [service for service in of_kind(documents, "Service")
                  if chooses(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])]
        assert chosen == admin_services and len(chosen) == 1, chosen
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in chosen[0]["spec"]["ports"]}
        key = endpoint["authorization"]["credentials"]
        (variable,) = [one for one in pod.gateway["env"] if one["name"] == "PORTOLAN_ADMIN_KEY"]
        assert variable["valueFrom"]["secretKeyRef"] == key, key
    if not of_kind(documents, "ServiceMonitor"):
        assert not admin_services
    for budget in of_kind(documents, "PodDisruptionBudget"):
        assert chooses(budget["spec"]["selector"]["matchLabels"], pod.labels), budget
    check_policies(pod, set(ports))
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        assert scaler["spec"]["scaleTargetRef"]["name"] == pod.deployment["metadata"]["name"]
        assert "replicas" not in pod.deployment["spec"]
    for route in of_kind(documents, "Ingress") + of_kind(documents, "HTTPRoute"):
        check_backends(route, documents)
    for job in of_kind(documents, "Job"):
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert not chooses(pod.deployment["spec"]["selector"]["matchLabels"], labels), "the Job's pods would be served to"
    before = pod.gateway.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    # Besides, 10 s for callers that keep their side of a connection open (docs/configuration.md, "Ending").
    assert pod.spec["terminationGracePeriodSeconds"] > before + seconds(flags["drain-delay"]) + seconds(flags["grace"]) + 10
    check_security(pod)


def check_policies(pod, ports):
    """Each policy is for the gateway's pods, whose ports it names, or for those of the check, which have no network."""
    jobs = [job["spec"]["template"]["metadata"]["labels"] for job in of_kind(pod.documents, "Job")]
    for policy in of_kind(pod.documents, "NetworkPolicy"):
        chosen = policy["spec"]["podSelector"]["matchLabels"]
        if chooses(chosen, pod.labels):
            assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} <= ports, policy
            assert not any(chooses(chosen, labels) for labels in jobs), policy
        else:
            assert any(chooses(chosen, labels) for labels in jobs), policy
            assert "ingress" not in policy["spec"] and "egress" not in policy["spec"], policy


def check_backends(route, documents):
    services = {service["metadata"]["name"]: service["spec"]["ports"] for service in of_kind(documents, "Service")}
    if route["kind"] == "Ingress":
        backends = [(path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"], "name")
                    for rule in route["spec"]["rules"] for path in rule["http"]["paths"]]
    else:
        backends = [(backend["name"], backend["port"], "port") for rule in route["spec"]["rules"] for backend in rule["backendRefs"]]
    for name, port, by in backends:
        assert [one["targetPort"] for one in services[name] if one[by] == port] == ["http"], (name, port)


def check_security(pod):
    assert pod.spec["automountServiceAccountToken"] is False
    for container in (pod.gateway, pod.check):
        context = {**pod.spec["securityContext"], **container["securityContext"]}
        wanted = {"runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                  "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
        assert wanted.items() <= context.items(), context
        assert all("subPath" not in mount for mount in container["volumeMounts"] if mount["name"] == "config")


def check_probes(pod, gateway):
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = pod.gateway[kind]["httpGet"]
        status, text = gateway.get(probe["port"], probe["path"], probe.get("scheme", "HTTP").lower())
        assert status == 200, (kind, status, text)


def check(portolan, paths):
    with tempfile.TemporaryDirectory() as folder:
        pod = Pod(load(paths), folder)
        check_names(pod)
        checked = pod.checks_config(portolan)
        assert checked.returncode == 0, checked.stderr
        with pod.runs(portolan) as gateway:
            check_probes(pod, gateway)
            if any(port["name"] == "admin" for port in pod.gateway["ports"]):
                assert gateway.get("admin", "/metrics")[0] == 401
                assert "portolan_build_info{" in gateway.metrics()
        log = (pod.folder / "log").read_text()
        # Variables that mean nothing, and the like.
        assert '"level":"error"' not in log and "means nothing" not in log, log


if __name__ == "__main__":
    os.environ.pop("PORTOLAN_CONFIG", None)
    check(sys.argv[1], sys.argv[2:])
    print("runs as rendered")
