"""What the checks of the cluster have in common: kubectl and helm, the release's pods, calls to them, the load."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/cluster"
CHART = ROOT / "deploy/helm/portolan"
NAMESPACE = "ai"
RELEASE = "portolan"
CALLER_KEY, ADMIN_KEY = "a-callers-key", "the-admins-key"
REST = f"{RELEASE}.{NAMESPACE}.svc.cluster.local:80"
GRPC = f"dns:///{RELEASE}-grpc.{NAMESPACE}.svc.cluster.local:50051"
COMMAND_LIMIT_S = 300
HELM = {major: os.environ[f"HELM{major}"] for major in (3, 4)}


def run(*command, check=True, text=None, **more):
    """What a command printed, both streams; AssertionError with it if it fails."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, input=text,
        timeout=COMMAND_LIMIT_S, cwd=ROOT, **more,
    )  # fmt: skip
    if check and done.returncode != 0:
        raise AssertionError(f"`{' '.join(map(str, command))}` failed ({done.returncode}):\n{done.stdout}")
    return done.stdout


def kubectl(*arguments, **more):
    return run("kubectl", "-n", NAMESPACE, *arguments, **more)


def helm(*arguments, major=4, **more):
    return run(HELM[major], "-n", NAMESPACE, *arguments, **more)


def upgrade(*arguments, **more):
    """The release as tests/cluster/gateway.yaml has it, but for these arguments."""
    return helm("upgrade", "--install", RELEASE, CHART, "-f", HERE / "gateway.yaml", "--wait", *arguments, **more)


def eventually(what, limit=90):
    """What `what` returns, once it fails no assertion and finds what it looks for."""
    end = time.monotonic() + limit
    while True:
        try:
            return what()
        except (AssertionError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def objects(kind, selector=f"app.kubernetes.io/instance={RELEASE}"):
    return json.loads(kubectl("get", kind, "-l", selector, "-o", "json"))["items"]


def all_pods(release=RELEASE):
    return objects("pods", f"app.kubernetes.io/component=gateway,app.kubernetes.io/instance={release}")


def pods():
    """The release's pods that are not about to end."""
    return [pod for pod in all_pods() if "deletionTimestamp" not in pod["metadata"]]


def settled(count=2, release=RELEASE):
    """The release's pods, once they are so many, all ready, and no former one is left."""

    def look():
        found = all_pods(release)
        ready = [pod for pod in found if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        assert len(found) == len(ready) == count, f"{len(found)} pods, {len(ready)} of them ready, not {count}"
        return found

    return eventually(look, 180)


def is_ready(pod):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))


def identities(found):
    """What tells that pods are the same and were not started anew."""
    return sorted((pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"]) for pod in found)


def request(url, body=None, **headers):
    """The status and the body of a call, whatever the status."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def chat(model="echo", text="Hello", key=CALLER_KEY):
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return request(f"http://{REST}/v1/chat/completions", body, x_portolan_api_key=key)


def metric(pod, name):
    """The sum of a metric's series at a pod."""
    status, text = request(f"http://{pod['status']['podIP']}:8788/metrics", authorization=f"Bearer {ADMIN_KEY}")
    assert status == 200, f"{status}: {text}"
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))


def kill_container(pod):
    """Ends a pod's gateway as the kernel does when memory runs out: at once, without a word."""
    container = pod["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://")
    run("ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", container)


class Load:
    """Calls under way, from the beginning of a `with` block to its end; then `told` has what became of them."""

    def __init__(self, *arguments):
        self.arguments, self.told = arguments, None

    def __enter__(self):
        environment = {**os.environ, "CALLER_KEY": CALLER_KEY, "PYTHONPATH": str(ROOT / "clients/python/src")}
        self.process = subprocess.Popen(
            [sys.executable, "-B", HERE / "load.py", *self.arguments, REST, GRPC],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line == "under way\n", f"no load: {line}{self.process.communicate()[0]}"
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=COMMAND_LIMIT_S)
        if kind is None:
            assert self.process.returncode == 0, f"the load failed: {said}"
            self.told = json.loads(said.splitlines()[-1])
            print(f"    {self.told}", flush=True)

    def not_whole(self):
        return {outcome: count for outcome, count in self.told["streams"].items() if outcome != "whole"}

    def lies(self):
        return {outcome: count for outcome, count in self.told["streams"].items() if outcome.startswith("lie")}
