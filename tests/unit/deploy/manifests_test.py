#!/usr/bin/env python3
"""The manifests of deploy/kubernetes, run: the gateway starts as they say, follows its ConfigMap and outlives a bad one."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chart_test  # noqa: E402
import metric_names  # noqa: E402
import rendered  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
PATHS = sorted(path for path in (ROOT / "deploy/kubernetes").glob("*.yaml") if path.name not in ("kustomization.yaml", "values.yaml"))
PORTOLAN = None

GOOD = "routes: {main: {provider: echo}}\ndefault_route: main\n"
BAD = "routes: {main: {provider: echo}}\ndefault_rout: main\n"
CHAT = {"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}


def chat(gateway, key=None, config=None, **members):
    body = json.dumps({**CHAT, **members}).encode()
    headers = {"x-portolan-config": json.dumps(config)} if config else {}
    return gateway.get("http", "/v1/chat/completions", key=key or gateway.caller_key, body=body, headers=headers)


class Manifests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pod = rendered.Pod(rendered.load(PATHS), folder.name)

    def test_run_as_rendered(self):
        rendered.check(PORTOLAN, PATHS)

    def test_follow_a_changed_config_without_a_restart_and_outlive_a_bad_one(self):
        with self.pod.runs(PORTOLAN) as gateway:
            self.assertEqual(gateway.metric("portolan_config_generation"), 1)
            self.pod.swap(GOOD)
            rendered.await_that(lambda: gateway.metric("portolan_config_generation") == 2, "the new config is in use")
            self.assertEqual(gateway.get("admin", "/readyz")[0], 200)
            self.assertEqual(chat(gateway)[0], 200)

            self.pod.swap(BAD)
            rendered.await_that(lambda: gateway.metric("portolan_config_refused_total") == 1, "the bad config is refused")
            self.assertEqual(gateway.metric("portolan_config_generation"), 2)
            self.assertEqual(gateway.get("admin", "/readyz")[0], 200)
            self.assertEqual(chat(gateway)[0], 200)
            self.assertIsNone(gateway.process.poll())

    def test_a_revision_makes_keys_of_files_be_read_anew(self):
        key = self.pod.folder / "billing"
        config = f"callers: {{keys: [{{name: billing, key: 'file:{key}'}}]}}\n"
        with self.pod.runs(PORTOLAN) as gateway:
            key.write_text("first")
            self.pod.swap(config)
            rendered.await_that(lambda: gateway.metric("portolan_config_generation") == 2, "the config is in use")
            self.assertEqual(chat(gateway, key="first")[0], 200)

            key.write_text("second")
            self.pod.swap(f'# revision "2"\n{config}')
            rendered.await_that(lambda: gateway.metric("portolan_config_generation") == 3, "the revision is in use")
            self.assertEqual(chat(gateway, key="second")[0], 200)
            self.assertEqual(chat(gateway, key="first")[0], 401)

    def test_a_pod_with_a_bad_config_never_starts(self):
        checked = self.pod.checks_config(PORTOLAN, BAD)
        self.assertEqual(checked.returncode, 1)
        self.assertIn('default_rout: there is no such key; did you mean "default_route"?', checked.stderr)

    def test_a_key_that_is_not_there_is_told_by_the_init_container(self):
        checked = self.pod.checks_config(PORTOLAN, "providers: {openai: {api_key: env:NO_SUCH_KEY}}\n")
        self.assertEqual(checked.returncode, 1)
        self.assertIn("NO_SUCH_KEY", checked.stderr)

    def test_callers_need_a_key_and_prometheus_does(self):
        with self.pod.runs(PORTOLAN) as gateway:
            self.assertEqual(chat(gateway, key="another")[0], 401)
            self.assertEqual(gateway.get("admin", "/metrics", key="another")[0], 401)

    def test_metrics_of_the_dashboard_and_the_alerts_are_told(self):
        """By a gateway that has served calls, a stream and an error."""
        with self.pod.runs(PORTOLAN) as gateway:
            self.assertEqual(chat(gateway)[0], 200)
            self.assertEqual(chat(gateway, stream=True)[0], 200)
            self.assertEqual(chat(gateway, messages=7)[0], 400)
            kinds = metric_names.exposed(gateway.metrics())
        labels = {name: labels for name, (_, labels) in metric_names.documented((ROOT / "docs/metrics.md").read_text()).items()}
        self.assertEqual(set(kinds), set(labels), "docs/metrics.md")
        for name, expression in chart_test.expressions():
            self.assertEqual(metric_names.problems(expression, kinds, labels), [], f"{name}: {expression}")


class Compose(unittest.TestCase):
    def setUp(self):
        self.compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
        self.gateway = self.compose["services"]["gateway"]
        self.flags = dict(argument.removeprefix("--").split("=", 1) for argument in self.gateway["command"][1:])

    def test_gateway_starts_as_it_says(self):
        folder = ROOT / "deploy/compose/gateway"
        self.assertIn("./compose/gateway:/etc/portolan:ro", self.gateway["volumes"])
        arguments = [re.sub(r":\d+$", ":0", argument).replace("/etc/portolan", str(folder)) for argument in self.gateway["command"]]
        environment = {name: "made-up" for name in self.gateway["environment"]}
        checked = subprocess.run([PORTOLAN, "check", folder / "gateway.yaml", "--resolve"], env=environment, capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        with subprocess.Popen([PORTOLAN, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            line = process.stdout.readline()
            process.terminate()
            self.assertRegex(line, rendered.PORTS)
            self.assertEqual(process.wait(timeout=60), 0)

    def test_ports_and_times_fit(self):
        for name in ("http", "grpc"):
            port = self.flags[name].removeprefix(":")
            self.assertIn(f"127.0.0.1:{port}:{port}", self.gateway["ports"])
        self.assertFalse([port for port in self.gateway["ports"] if port.endswith(self.flags["admin"])], "the admin port is published")
        scrape = yaml.safe_load((ROOT / "deploy/compose/prometheus.yaml").read_text())["scrape_configs"][0]
        self.assertEqual(scrape["static_configs"], [{"targets": [f"gateway{self.flags['admin']}"]}])
        self.assertGreater(rendered.seconds(self.gateway["stop_grace_period"]),
                           rendered.seconds(self.flags["drain-delay"]) + rendered.seconds(self.flags["grace"]) + 10)


if __name__ == "__main__":
    PORTOLAN = sys.argv.pop(1)
    unittest.main()
