#!/usr/bin/env python3
"""Tries the gateway in a real cluster, which tests/cluster/lab has started and in which this runs: cluster_test.py [CHECK...]

Each check below is one thing that is promised. They come in turn, as each leaves the release for the next: installed from the
chart, its provider another pod. Without CHECK all of them.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

import portolan
from cluster import (
    ADMIN_KEY,
    CALLER_KEY,
    CHART,
    GRPC,
    HELM,
    HERE,
    NAMESPACE,
    RELEASE,
    ROOT,
    Load,
    chat,
    eventually,
    helm,
    identities,
    kill_container,
    kubectl,
    metric,
    objects,
    pods,
    request,
    run,
    settled,
    upgrade,
)  # fmt: skip

READY_WITHIN_S = 30
# What makes a pod look like one that knows no drain: it ends as soon as it is told to.
NO_DRAIN = ["--set", "drain.delaySeconds=0", "--set", "drain.graceSeconds=0"]


def block_of(page, language="sh"):
    """The first example of a page."""
    return re.search(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)[1]


def left_in(namespace):
    """What is there but what every namespace has."""
    kinds = run("kubectl", "api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    kinds = [kind for kind in kinds if not re.match(r"events|endpoints$|pods[.]metrics", kind)]
    said = run("kubectl", "-n", namespace, "get", ",".join(kinds), "-o", "name", "--ignore-not-found")
    found = {line for line in said.splitlines() if re.fullmatch(r"[a-z0-9.]+/[a-z0-9.-]+", line)}
    return sorted(found - {"configmap/kube-root-ca.crt", "serviceaccount/default"})


def prepare():
    """The name that the chart's README pulls the image by."""
    run("ctr", "-n", "k8s.io", "images", "tag", "--force", "docker.io/library/portolan:0.1.0", "registry.example/ai/portolan:0.1.0")


def the_charts_readme_as_it_stands():
    """Its first example, by Helm 3 and 4: ready in seconds, serves, and nothing is left once it is uninstalled."""
    for major in (3, 4):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(ROOT / "deploy", f"{folder}/deploy")
            path = f"{HELM[major].rsplit('/', 1)[0]}:{os.environ['PATH']}"
            began = time.monotonic()
            said = subprocess.run(
                ["bash", "-euc", block_of("deploy/helm/portolan/README.md")], cwd=folder, capture_output=True, text=True,
                env={**os.environ, "PATH": path, "OPENAI_API_KEY": "sk-not-one"}, timeout=300,
            )  # fmt: skip
            took = time.monotonic() - began
        assert said.returncode == 0, said.stdout + said.stderr
        print(f"    Helm {major}: ready after {took:.1f} s", flush=True)
        assert took < READY_WITHIN_S, f"ready after {took:.1f} s"
        assert "DEPLOYED" in said.stdout.upper(), said.stdout
        first_call(said.stdout)
        helm("uninstall", RELEASE, "--wait", major=major)
        kubectl("delete", "secret", "portolan")
        eventually(lambda: assert_equal(left_in(NAMESPACE), []))
        run("kubectl", "delete", "namespace", NAMESPACE)


def first_call(notes):
    """The commands that an install prints."""
    found = re.search(r"^  (kubectl .*? port-forward .*?) &\n  (KEY=.*?)\n  (curl .*?)\n\n", notes, re.MULTILINE | re.DOTALL)
    assert found, notes
    forward, key, call = found.groups()
    call = call.replace("curl", "curl -sSf", 1)
    forwarding = subprocess.Popen(forward.split(), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        said = eventually(lambda: run("bash", "-euc", f"{key}\n{call}"))
    finally:
        forwarding.terminate()
        forwarding.wait()
    assert_equal(json.loads(said)["choices"][0]["message"]["content"], "Hello")


def the_manifests_readme_as_it_stands():
    """The objects without Helm: ready, and they serve whoever has the key."""
    commands = block_of("deploy/kubernetes/README.md")
    run("bash", "-euc", commands, env={**os.environ, "OPENAI_API_KEY": "sk-not-one"})
    run("kubectl", "-n", "portolan", "rollout", "status", "deployment/portolan", "--timeout=120s")
    secret = json.loads(run("kubectl", "-n", "portolan", "get", "secret", "portolan", "-o", "json"))
    key = run("base64", "-d", text=secret["data"]["PORTOLAN_CALLER_KEYS"])
    url = "http://portolan.portolan.svc.cluster.local/v1/chat/completions"
    body = {"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}
    assert_equal(request(url, body, x_portolan_api_key=key)[0], 200)
    assert_equal(request(url, body)[0], 401)
    run("kubectl", "delete", "-k", ROOT / "deploy/kubernetes", "--wait")
    run("kubectl", "-n", "portolan", "delete", "secret", "portolan")
    eventually(lambda: assert_equal(left_in("portolan"), []))
    run("kubectl", "delete", "namespace", "portolan")


def installs():
    """The release that the checks below try, and its provider."""
    run("kubectl", "create", "namespace", NAMESPACE)
    kubectl(
        "create", "secret", "generic", "portolan", f"--from-literal=caller-keys={CALLER_KEY}", f"--from-literal=admin-key={ADMIN_KEY}"
    )  # fmt: skip
    helm("install", "upstream", CHART, "-f", HERE / "upstream.yaml", "--wait")
    began = time.monotonic()
    upgrade()
    took = time.monotonic() - began
    print(f"    ready after {took:.1f} s", flush=True)
    assert took < READY_WITHIN_S, f"ready after {took:.1f} s"
    settled()


def serves_rest_by_its_service():
    status, body = chat()
    assert status == 200, body
    assert_equal(json.loads(body)["choices"][0]["message"]["content"], "Hello")
    status, body = chat(key="none-of-the-keys")
    assert status == 401, body


def serves_grpc_by_its_service():
    """The headless Service has the addresses of all pods, and a client that balances uses all of them."""
    found = settled()
    before = [metric(pod, "portolan_requests_total") for pod in found]
    with portolan.Client(GRPC, key=CALLER_KEY, timeout=30) as client:

        def used():
            answer = client.chat(model="echo", messages=[portolan.user("Hello")])
            assert_equal(portolan.text_of(answer.choices[0].message), "Hello")
            after = [metric(pod, "portolan_requests_total") for pod in found]
            assert all(now > then for now, then in zip(after, before, strict=True)), f"{before} {after}"

        eventually(used)
    with portolan.Client(GRPC, key="none-of-the-keys", timeout=30) as client:
        try:
            client.chat(model="echo", messages=[portolan.user("Hello")])
            raise AssertionError("served without a key")
        except portolan.CallerError as error:
            assert_equal(error.http_status, 401)


def follows_a_config_without_a_restart():
    before = identities(settled())
    with Load("--streams=20") as load:
        upgrade("--set", "config.aliases.fast=echoes", "--set", "config.routes.echoes.provider=lab",
                "--set", "config.routes.echoes.override_params.model=echo")  # fmt: skip
        eventually(lambda: all_pods_take(2))
        status, body = chat("fast")
        assert status == 200, body
    assert_equal(load.told["failed"], {})
    assert_equal(load.not_whole(), {})
    assert_equal(identities(pods()), before)


def all_pods_take(generation):
    for pod in pods():
        assert metric(pod, "portolan_config_generation") >= generation


def refuses_a_bad_config_before_anything_changes():
    before, config = identities(settled()), kubectl("get", "configmap", f"{RELEASE}-config", "-o", "jsonpath={.data}")
    said = upgrade("--set", "config.routes.main.stratgy=fallback", "--timeout=60s", check=False)
    assert "fail" in said.lower(), said
    log = kubectl("logs", f"job/{RELEASE}-config-check")
    assert 'did you mean "strategy"?' in log, log
    assert_equal(kubectl("get", "configmap", f"{RELEASE}-config", "-o", "jsonpath={.data}"), config)
    assert_equal(identities(settled()), before)


def serves_on_when_a_bad_config_is_forced_upon_it():
    """Whoever writes the ConfigMap: running pods keep what they have and tell of it, and new ones take no calls."""
    before = identities(settled())
    patch = {"data": {"gateway.yaml": "default_provider: lab\nproviders: {lab: {bas_url: x}}\n"}}
    kubectl("patch", "configmap", f"{RELEASE}-config", "-p", json.dumps(patch))

    def refused():
        for pod in pods():
            assert metric(pod, "portolan_config_refused_total") >= 1

    eventually(refused)
    assert_equal(chat()[0], 200)
    kubectl("rollout", "restart", f"deployment/{RELEASE}")

    def held_up():
        starting = [pod for pod in pods() if pod["status"]["phase"] == "Pending"]
        states = [one["state"] for pod in starting for one in pod["status"].get("initContainerStatuses", ())]
        assert any("terminated" in state or "waiting" in state and "Back" in state["waiting"]["reason"] for state in states), (
            states
        )

    eventually(held_up)
    assert_equal(chat()[0], 200)
    kubectl("rollout", "undo", f"deployment/{RELEASE}")
    upgrade("--force-conflicts")
    assert_equal(identities(settled()), before)


def rolls_out_without_a_failed_call():
    settled()
    with Load() as load:
        kubectl("rollout", "restart", f"deployment/{RELEASE}")
        kubectl("rollout", "status", f"deployment/{RELEASE}", "--timeout=180s")
        settled()
    assert load.told["rate"] >= 475, "the machine is too busy for 500 calls a second"
    assert_equal(load.told["failed"], {})
    assert_equal(load.not_whole(), {})


def control_without_drain_calls_fail():
    """That the check above would see it."""
    upgrade(*NO_DRAIN)
    settled()
    with Load() as load:
        kubectl("rollout", "restart", f"deployment/{RELEASE}")
        kubectl("rollout", "status", f"deployment/{RELEASE}", "--timeout=180s")
        settled()
    assert load.told["failed"], "no call failed"
    assert load.not_whole(), "no stream broke"
    assert_equal(load.lies(), {})
    upgrade()
    settled()


def ends_streams_honestly_when_a_pod_is_killed():
    """Those of the pod: nothing that looks like an answer's end. Those of the other pod go on, and calls are served by it."""
    victim, other = settled()
    with Load() as load:
        there, elsewhere = metric(victim, "portolan_open_streams"), metric(other, "portolan_open_streams")
        assert there > 0 and elsewhere > 0, f"{there} and {elsewhere} streams"
        restarts = victim["status"]["containerStatuses"][0]["restartCount"]
        kill_container(victim)

        def back():
            (pod,) = [one for one in settled() if one["metadata"]["name"] == victim["metadata"]["name"]]
            assert pod["status"]["containerStatuses"][0]["restartCount"] > restarts

        eventually(back)
        time.sleep(2)  # for calls after it, which are the load's to make
    assert_equal(load.lies(), {})
    broken = sum(count for outcome, count in load.not_whole().items() if not outcome.startswith("refused"))
    # Between the look and the kill some may have ended and others begun.
    assert there - 5 <= broken <= there + 10, f"{there} streams were on the pod, {broken} broke"
    assert load.told["streams"]["whole"] >= elsewhere
    assert sum(load.told["failed"].values()) < load.told["calls"] / 2, load.told["failed"]


def tells_honestly_when_the_provider_is_killed():
    """Streams end in an error that says that the provider was lost; later, all is well without a restart."""
    before = identities(settled())
    (provider,) = settled(1, "upstream")
    with Load("--rate=50") as load:
        kill_container(provider)
        eventually(lambda: assert_equal(chat()[0], 200))
        time.sleep(1)  # for calls after it, which are the load's to make
    assert_equal(load.lies(), {})
    ends = {outcome for outcome in load.not_whole() if not outcome.startswith("refused")}
    assert ends and ends <= {"error: upstream_reset", "error: upstream_truncated"}, load.not_whole()
    known = ("upstream_reset", "upstream_connection_refused", "upstream_connection_failed", "upstream_connect_timeout")
    others = {what: count for what, count in load.told["failed"].items() if not any(code in what for code in known)}
    assert_equal(others, {})
    assert_equal(identities(settled()), before)


def scales_by_cpu():
    upgrade("--set", "autoscaling.enabled=true", "--set", "autoscaling.maxReplicas=3", "--set", "resources.requests.cpu=20m")
    settled()
    with Load("--streams=10"):
        settled(3)
        print(f"    {objects('hpa')[0]['status']['currentMetrics'][0]['containerResource']['current']}", flush=True)


def leaves_nothing_when_it_is_uninstalled():
    helm("uninstall", RELEASE, "--wait")
    helm("uninstall", "upstream", "--wait")
    kubectl("delete", "secret", "portolan")
    eventually(lambda: assert_equal(left_in(NAMESPACE), []), 180)
    everywhere = run("kubectl", "get", "clusterroles,clusterrolebindings,crds,validatingwebhookconfigurations", "-o", "name")
    assert "portolan" not in everywhere, everywhere


CHECKS = [
    the_charts_readme_as_it_stands,
    the_manifests_readme_as_it_stands,
    installs,
    serves_rest_by_its_service,
    serves_grpc_by_its_service,
    follows_a_config_without_a_restart,
    refuses_a_bad_config_before_anything_changes,
    serves_on_when_a_bad_config_is_forced_upon_it,
    rolls_out_without_a_failed_call,
    control_without_drain_calls_fail,
    ends_streams_honestly_when_a_pod_is_killed,
    tells_honestly_when_the_provider_is_killed,
    scales_by_cpu,
    leaves_nothing_when_it_is_uninstalled,
]


def assert_equal(found, expected):
    assert found == expected, f"{found}, not {expected}"


def look_around():
    """What helps to see why a check failed."""
    print(run("kubectl", "get", "pods,jobs,hpa", "-A", "-o", "wide", check=False))
    print(run("kubectl", "get", "events", "-A", "--sort-by=.lastTimestamp", check=False)[-3000:], flush=True)


def main(names):
    failed = []
    prepare()
    for check in [check for check in CHECKS if not names or check.__name__ in names]:
        print(f"{check.__name__.replace('_', ' ')}", flush=True)
        began = time.monotonic()
        try:
            check()
            told = "passed"
        except Exception:  # noqa: BLE001  (the next check may well pass)
            traceback.print_exc()
            look_around()
            told = "FAILED"
            failed.append(check.__name__)
        print(f"    {told} after {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
