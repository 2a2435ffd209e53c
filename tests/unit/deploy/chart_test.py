#!/usr/bin/env python3
"""The chart, as far as it can be told without Helm: values, schema, documents, alerts, runbooks."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "scripts/lib"), str(pathlib.Path(__file__).parent)]
import chart_sources  # noqa: E402
import chart_values  # noqa: E402
import metric_names  # noqa: E402

CHART = ROOT / "deploy/helm/portolan"
PORTOLAN = None


def read(path):
    return (ROOT / path).read_text()


def help_text():
    return subprocess.run([PORTOLAN, "serve", "--help"], check=True, capture_output=True, text=True).stdout


class Values(unittest.TestCase):
    def setUp(self):
        self.text = (CHART / "values.yaml").read_text()
        self.schema = json.loads((CHART / "values.schema.json").read_text())

    def resolved(self, schema):
        if "$ref" not in schema:
            return schema
        return self.schema["definitions"][schema["$ref"].removeprefix("#/definitions/")]

    def test_each_value_is_documented_above_itself(self):
        values, bare = chart_values.read_values(self.text)
        self.assertEqual(bare, [])
        self.assertGreater(len(values), 100)

    def test_a_value_that_is_not_documented_is_found(self):
        _, bare = chart_values.read_values("# One.\none: 1\ngroup:\n  # Two.\n  two: 2\n  three: 3\n")
        self.assertEqual(bare, ["values.yaml:6: group.three is not documented above itself"])

    def test_table_of_the_readme_is_up_to_date(self):
        page = (CHART / "README.md").read_text()
        self.assertEqual(page, chart_values.with_table(page), "scripts/chart-values makes it anew")

    def test_schema_has_the_values_and_no_others(self):
        self.compare(yaml.safe_load(self.text), self.schema, "")

    def compare(self, value, schema, path):
        schema = self.resolved(schema)
        # Below a documented value are Kubernetes' own objects, whose defaults name a part of what there is.
        if path.strip(".") in {".".join(value.path) for value in chart_values.read_values(self.text)[0]}:
            return
        self.assertEqual(set(value), set(schema["properties"]) - {"global"}, path or "values")
        for key, inner in value.items():
            self.compare(inner, schema["properties"][key], f"{path}.{key}")

    def test_schema_takes_no_other_members_at_any_level(self):
        self.closed(self.schema, "")

    def closed(self, schema, path):
        if isinstance(schema, list):
            for item in schema:
                self.closed(item, path)
            return
        if not isinstance(schema, dict):
            return
        if schema.get("type") == "object" and "additionalProperties" not in schema:
            # Somebody else's, who checks it: said so.
            self.assertRegex(schema.get("description", ""), "API checks it|`portolan check` checks|operator has it|not used", path)
        self.assertIsNot(schema.get("additionalProperties"), True, path)
        for key, inner in schema.items():
            self.closed(inner, f"{path}/{key}")


class Templates(unittest.TestCase):
    def test_one_object_a_file(self):
        for path in (CHART / "templates").glob("*.yaml"):
            text = path.read_text()
            self.assertEqual(len(re.findall(r"^kind: ", text, re.MULTILINE)), 1, path.name)
            self.assertNotRegex(text, r"(?m)^---", path.name)

    def test_names_and_labels_are_made_in_helpers(self):
        for path in (CHART / "templates").iterdir():
            if path.name not in ("_helpers.tpl",):
                self.assertNotRegex(path.read_text(), r"app\.kubernetes\.io/|helm\.sh/chart", path.name)

    def test_flags_and_variables_are_the_programs(self):
        known = help_text()
        for path in [*(CHART / "templates").iterdir(), *(CHART / "ci").iterdir(), ROOT / "deploy/compose.yaml"]:
            for flag in re.findall(r"^ *(?:extraArgs: \[|- )?(--[a-z][a-z-]+)(?=[=\]])", path.read_text(), re.MULTILINE):
                self.assertRegex(known, rf"(?m)^  {flag}[ \n]", path.name)
            for variable in re.findall(r"\bPORTOLAN_[A-Z_]+\b", path.read_text().replace('"PORTOLAN_%s"', "")):
                if path.name != "compose.yaml" or variable not in ("PORTOLAN_IMAGE", "PORTOLAN_VERSION"):
                    self.assertRegex(known, rf"\b{variable}\b", path.name)

    def test_flags_that_the_chart_sets_are_refused_elsewhere(self):
        args = set(re.findall(r"^- --([a-z-]+)=", (CHART / "templates/_pod.tpl").read_text(), re.MULTILINE))
        refused = re.search(r"range \$flag, \$value := dict (.*?) -\}\}", (CHART / "templates/_checks.tpl").read_text())[1]
        self.assertEqual(args, set(re.findall(r'"([^"]*)"', refused)[::2]))

    def test_what_takes_effect_at_the_start_is_what_the_docs_say(self):
        page = " ".join(read("docs/configuration.md").split())
        listed = re.search(r"connection is closed\..*?(`listen`, [^.]*(?:\.[a-z_]+[^.]*)*?) and everything of `callers` but `keys` take effect when", page)
        told = set(re.findall(r"`([a-z_.]+)`", listed[1]))
        template = (CHART / "templates/_config.tpl").read_text()
        picked = set(re.findall(r'"([a-z_]+)"', re.search(r"pick \$config (.*?) -\}\}", template)[1]))
        for group in ("timeouts", "upstream"):
            picked |= {f"{group}.{key}" for key in re.findall(r'"([a-z_]+)"', re.search(rf"pick \$config\.{group} (.*?)\)", template)[1])}
        # TLS is set by flags, which are a part of the pod already.
        self.assertEqual(picked | {"tls"}, told)

    def test_app_version_is_the_projects(self):
        version = re.search(r"project\(portolan VERSION ([0-9.]+)", read("CMakeLists.txt"))[1]
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version)
        self.assertIn(f":-portolan:{version}}}", read("deploy/compose.yaml"))

    def test_manifests_are_rendered_from_this_chart(self):
        self.assertIn(chart_sources.digest(), read("deploy/kubernetes/kustomization.yaml"), "scripts/render-manifests makes them anew")

    def test_manifests_are_as_they_were_rendered(self):
        self.assertIn(chart_sources.rendered(ROOT / "deploy/kubernetes"), read("deploy/kubernetes/kustomization.yaml"), "edited by hand")

    def test_manifests_that_were_edited_are_found(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(shutil.copytree(ROOT / "deploy/kubernetes", f"{scratch}/kubernetes"))
            as_rendered = chart_sources.rendered(folder)
            for path in sorted(folder.glob("*.yaml")):
                text = path.read_text()
                path.write_text(text.replace("portolan", "portolan2", 1) if path.name != "kustomization.yaml" else text + "# one\n\n")
                self.assertEqual(chart_sources.rendered(folder) == as_rendered, path.name == "values.yaml", path.name)
                path.write_text(text)
            (folder / "more.yaml").write_text("kind: Secret\n")
            self.assertNotEqual(chart_sources.rendered(folder), as_rendered)

    def test_each_combination_is_yaml(self):
        for path in (CHART / "ci").iterdir():
            self.assertIsInstance(yaml.safe_load(path.read_text()), dict, path.name)
            self.assertTrue(path.name.endswith("-values.yaml"), path.name)


class Alerts(unittest.TestCase):
    def test_each_alert_has_a_runbook_and_each_runbook_an_alert(self):
        alerts = [alert["alert"] for alert in yaml.safe_load((CHART / "files/alerts.yaml").read_text())]
        sections = re.split(r"^## ", read("docs/runbooks.md"), flags=re.MULTILINE)[1:]
        self.assertEqual([section.split("\n")[0] for section in sections], alerts)
        for section in sections:
            for part in ("What it means", "What to look at", "What to do"):
                self.assertIn(f"**{part}.**", section, section.split("\n")[0])

    def test_links_to_runbooks_are_urls_wherever_alerts_are_shown_to_be_turned_on(self):
        """Without a URL there are none: _checks.tpl refuses that, as the chart's own suite holds it to."""
        self.assertEqual(yaml.safe_load((CHART / "values.yaml").read_text())["monitoring"]["prometheusRule"]["runbooks"], "")
        texts = {path.name: [path.read_text()] for path in (CHART / "ci").iterdir()}
        texts |= {page: re.findall(r"(?ms)^```yaml\n(.*?)^```", read(page)) for page in ("docs/kubernetes.md", "deploy/helm/portolan/README.md")}
        rules = [(name, (values.get("monitoring") or {}).get("prometheusRule") or {})
                 for name, blocks in texts.items() for values in map(yaml.safe_load, blocks) if isinstance(values, dict)]
        enabled = [(name, rule) for name, rule in rules if rule.get("enabled")]
        self.assertGreaterEqual(len(enabled), 2)
        for name, rule in enabled:
            self.assertRegex(rule.get("runbooks", ""), r"^https?://[^/?#]+[^#]*$", name)

    def test_each_alert_says_what_is_the_matter(self):
        for alert in yaml.safe_load((CHART / "files/alerts.yaml").read_text()):
            self.assertEqual(set(alert) - {"for"}, {"alert", "expr", "labels", "annotations"}, alert["alert"])
            self.assertIn(alert["labels"]["severity"], ("critical", "warning", "info"))
            self.assertEqual(set(alert["annotations"]), {"summary", "description"})


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads((CHART / "files/dashboard.json").read_text())

    def test_panels_have_places_and_descriptions_of_their_own(self):
        taken = set()
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= cells
        identities = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(identities), len(set(identities)))

    def test_each_metric_is_documented(self):
        metrics = metric_names.documented(read("docs/metrics.md"))
        self.assertGreater(len(metrics), 20)
        kinds = {name: kind for name, (kind, _) in metrics.items()}
        labels = {name: labels for name, (_, labels) in metrics.items()}
        for name, expression in expressions():
            self.assertEqual(metric_names.problems(expression, kinds, labels), [], f"{name}: {expression}")

    def test_each_metric_is_shown(self):
        shown = " ".join(expression for _, expression in expressions())
        for name in metric_names.documented(read("docs/metrics.md")):
            self.assertRegex(shown, rf"\b{name}(?:_bucket|_sum|_count)?\{{", "it has no panel")

    def test_what_is_wrong_is_found(self):
        kinds, labels = {"a_total": "counter", "b": "histogram", "c": "gauge"}, {"a_total": {"door"}, "b": set(), "c": set()}
        for expression, problem in (
            ("rate(d_total{}[5m])", "there is no metric d_total"),
            ("a_total{}", "a_total is a counter, of which a rate is not taken"),
            ('rate(a_total{dor="x"}[5m])', "a_total has no label dor"),
            ("rate(b{}[5m])", "b is a histogram"),
            ("rate(c{}[5m])", "c is a gauge, of which a rate is taken"),
            ("sum by (model) (c{})", "nothing has the label model"),
        ):
            self.assertIn(problem, metric_names.problems(expression, kinds, labels))


class Scaling(unittest.TestCase):
    """What docs/kubernetes.md says of prometheus-adapter, by the metrics that there are; dashboard_live.py asks Prometheus for it."""

    def test_the_adapters_rule_finds_what_the_chart_asks_for(self):
        kinds = {name: kind for name, (kind, _) in metric_names.documented(read("docs/metrics.md")).items()}
        rule, match = adapter_rule()
        series = re.fullmatch(r"([a-z_]+)\{namespace!=\"\"\}", rule["seriesQuery"])[1]
        # Without a name of its own a metric is called as the series is; of a gauge no rate is taken.
        self.assertNotIn("name", rule)
        self.assertEqual(kinds[series], "gauge")
        self.assertEqual(yaml.safe_load(read("deploy/helm/portolan/values.yaml"))["autoscaling"]["openStreams"]["metric"], series)
        self.assertLessEqual(set(match), metric_names.TARGET)
        self.assertEqual(metric_names.problems(adapter_query(), kinds, {series: set()}), [])


def adapter_rule():
    """The rule of docs/kubernetes.md for prometheus-adapter, and the labels by which the HorizontalPodAutoscaler is to ask."""
    page = read("docs/kubernetes.md")
    (rule,) = yaml.safe_load(re.search(r"```yaml\n(externalRules:.*?)```", page, re.DOTALL)[1])["externalRules"]
    values = yaml.safe_load(re.search(r"`autoscaling\.openStreams: (\{.*?\}\})`", page)[1])
    return rule, values["matchLabels"]


def adapter_query():
    """What the adapter asks Prometheus by that rule for the namespace `ai`, as its documentation of externalRules says."""
    rule, match = adapter_rule()
    (label,) = [label for label, override in rule["resources"]["overrides"].items() if override["resource"] == "namespace"]
    matchers = ",".join(f'{name}="{value}"' for name, value in {label: "ai", **match}.items())
    series = rule["seriesQuery"].partition("{")[0]
    query = rule["metricsQuery"].replace("<<.Series>>", series).replace("<<.LabelMatchers>>", matchers)
    assert "<<" not in query, query
    return query


def expressions():
    """Every expression of the dashboard, its variables among them, and of the alerts, with where it stands."""
    dashboard = json.loads((CHART / "files/dashboard.json").read_text())
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.*), ([a-z]+)\)", variable["definition"]).groups()
            series = series if "{" in series else series + "{}"
            if "_total{" in series:
                series = f"rate({series}[5m])"
            yield variable["name"], f"sum by ({label}) ({series})"
    for alert in yaml.safe_load((CHART / "files/alerts.yaml").read_text()):
        yield alert["alert"], alert["expr"].replace("SELECTOR", 'namespace="ai"')


if __name__ == "__main__":
    PORTOLAN = sys.argv.pop(1)
    unittest.main()
