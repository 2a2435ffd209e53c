#!/usr/bin/env python3
"""Every panel of the dashboard and every alert, asked of a real Prometheus that watches a real gateway:
dashboard_live.py PORTOLAN PROMETHEUS

The gateway serves calls, streams and errors meanwhile. Prometheus must understand each expression, and have something to show
for it but where calls to that provider would need what is not here.
"""

import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chart_test  # noqa: E402
import manifests_test  # noqa: E402
import rendered  # noqa: E402

# Panels that have nothing to show here: no provider of the tests takes tokens for keys, no middleware has too much to do.
EMPTY = {"Access tokens fetched", "Middleware that was not asked"}
CONFIG = """
callers: {keys: [{name: test, key: env:PORTOLAN_CALLER_KEYS}]}
providers:
  away: {base_url: http://127.0.0.1:9/v1}
routes: {away: {provider: away}}
middleware:
  who: {built_in: user_of_caller}
  gone: {webhook: "http://127.0.0.1:9/", hooks: [request], on_error: pass}
default_middleware: [who, gone]
"""


def guarded(word):
    """A config that denies answers with the word."""
    return {"provider": "echo", "output_guardrails": [{"default.contains": {"words": [word], "operator": "none"}, "deny": True}]}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def prometheus_config(gateway, folder):
    (folder / "key").write_text(gateway.admin_key)
    return json.dumps({
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "scrape_configs": [{
            "job_name": "portolan",
            "authorization": {"credentials_file": str(folder / "key")},
            "static_configs": [{"targets": [f"127.0.0.1:{gateway.ports['admin']}"],
                                "labels": {"namespace": "ai", "service": "portolan-admin", "pod": "portolan-0"}}],
        }],
    })


class Prometheus:
    def __init__(self, binary, gateway, folder):
        folder = pathlib.Path(folder)
        (folder / "prometheus.yaml").write_text(prometheus_config(gateway, folder))
        self.port = free_port()
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(
                [binary, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        rendered.await_that(self.ready, "Prometheus is ready")

    def ready(self):
        try:
            return self.opener.open(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def query(self, expression):
        query = urllib.parse.urlencode({"query": expression})
        try:
            with self.opener.open(f"http://127.0.0.1:{self.port}/api/v1/query?{query}", timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{expression}: {json.load(error)['error']}") from None


def asked(expression):
    for variable in ("namespace", "service", "pod", "provider"):
        expression = expression.replace(f'"${variable}"', '".*"')
    expression = expression.replace("$__rate_interval", "30s").replace("SELECTOR", 'namespace="ai"')
    expression = re.sub(r"\b(?:GATEWAY|PROVIDER)_ERROR_RATIO\b", "0.1", expression).replace("SLOW_FIRST_TOKEN_SECONDS", "20")
    assert "$" not in expression, expression
    return expression


def calls(gateway):
    assert manifests_test.chat(gateway)[0] == 200
    assert manifests_test.chat(gateway, stream=True)[0] == 200
    assert manifests_test.chat(gateway, messages=7)[0] == 400
    assert manifests_test.chat(gateway, model="away/model")[0] == 502
    assert manifests_test.chat(gateway, config=guarded("Hello"))[0] == 446
    assert manifests_test.chat(gateway, config=guarded("Goodbye"), stream=True)[0] == 200


def check(portolan, binary):
    with tempfile.TemporaryDirectory() as folder:
        pod = rendered.Pod(rendered.load(manifests_test.PATHS), folder)
        pod.swap(CONFIG)
        with pod.runs(portolan) as gateway:
            prometheus = Prometheus(binary, gateway, folder)
            try:
                missing = dict(asked_of_all())
                end = time.monotonic() + 120
                while missing and time.monotonic() < end:
                    calls(gateway)
                    missing = {name: expressions for name, expressions in missing.items()
                               if not all(prometheus.query(expression) for expression in expressions)}
                    missing = {name: expressions for name, expressions in missing.items() if name not in EMPTY}
                assert not missing, missing
                for name, expression in alerts():
                    prometheus.query(expression)
                assert prometheus.query(chart_test.adapter_query()), chart_test.adapter_query()
            finally:
                prometheus.process.terminate()
                prometheus.process.wait()


def asked_of_all():
    panels = {}
    for name, expression in chart_test.expressions():
        if not name.startswith("Portolan"):
            panels.setdefault(name, []).append(asked(expression))
    return panels


def alerts():
    return [(name, asked(expression)) for name, expression in chart_test.expressions() if name.startswith("Portolan")]


if __name__ == "__main__":
    check(*sys.argv[1:3])
    print(f"{len(asked_of_all())} panels and variables have something to show, {len(alerts())} alerts are understood")
