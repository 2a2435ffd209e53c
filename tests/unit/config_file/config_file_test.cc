// What a config file comes to.

#include <gmock/gmock.h>

#include "tests/unit/base/address_rules.h"
#include "tests/unit/config_file/parse.h"

namespace portolan::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::StartsWith;

constexpr char kWhole[] = R"(
listen: {http: "0.0.0.0:80", grpc: :81, threads: 3, drain_delay: 5s}
callers:
  admin_key: env:ADMIN
  cors_origins: [https://a.example]
  keys:
    - {name: billing, key: env:BILLING, routes: [main, other.v2], models: [gpt-*]}
    - name: ops
      sha256: 2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE
limits: {max_body: 1MB}
timeouts: {connect: 250ms}
upstream: {direct_keys: true, allow: [10.0.0.0/8]}
providers:
  openai: {api_key: env:OPENAI}
  lab: {base_url: "http://lab.internal:8000/v1/"}
  claude: {base_url: "https://c.example", dialect: anthropic, auth: {header: X-Claude_Key}}
routes:
  main:
    strategy: {mode: fallback}
    targets:
      - {provider: openai, openai_project: p}
      - {provider: lab, api_key: env:LAB, override_params: {temperature: 0.50, stop: null}}
  other.v2: {provider: claude, weight: "0.5"}
aliases: {fast: main, gpt-4.1: other.v2}
default_route: main
default_provider: lab
log_level: debug
)";

TEST(ConfigFile, BecomesSettings) {
  const FileSettings settings =
      Settled(kWhole, {{"ADMIN", "root\n"}, {"BILLING", "foo-billing"}, {"OPENAI", "sk-1"}, {"LAB", "sk-2"}});
  const ServeOptions& options = settings.options;
  EXPECT_EQ(options.http, "0.0.0.0:80");
  EXPECT_EQ(options.grpc, ":81");
  EXPECT_EQ(options.admin, "127.0.0.1:8788");
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.drain_delay, std::chrono::seconds(5));
  EXPECT_EQ(options.admin_key.Reveal(), "root");
  EXPECT_THAT(options.cors_origins, ElementsAre("https://a.example"));
  EXPECT_EQ(options.max_body, 1u << 20);
  EXPECT_EQ(options.connect_timeout, std::chrono::milliseconds(250));
  EXPECT_TRUE(options.direct_keys);
  EXPECT_THAT(options.allow_upstream, ElementsAre(Rule("10.0.0.0/8")));
  EXPECT_EQ(options.default_provider, "lab");
  EXPECT_EQ(options.log_level, telemetry::LogLevel::kDebug);

  ASSERT_EQ(settings.callers.size(), 2u);
  EXPECT_EQ(settings.callers[0].name, "billing");
  // printf foo-billing | sha256sum
  EXPECT_EQ(settings.callers[0].sha256, "d0a07a091b8752bb845feb5a698bb20f9033aa41fbece1f0f7ad2abf8a7134f1");
  EXPECT_THAT(settings.callers[0].routes, Optional(ElementsAre("main", "other.v2")));
  EXPECT_THAT(settings.callers[0].models, Optional(ElementsAre("gpt-*")));
  EXPECT_EQ(settings.callers[1].sha256, "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
  EXPECT_EQ(settings.callers[1].routes, std::nullopt);
  EXPECT_EQ(settings.callers[1].models, std::nullopt);

  ASSERT_EQ(settings.providers.size(), 3u);
  EXPECT_EQ(settings.providers[0].name, "openai");
  EXPECT_TRUE(settings.providers[0].built_in);
  EXPECT_EQ(settings.providers[0].api_key.Reveal(), "sk-1");
  EXPECT_EQ(settings.providers[0].base_url, "");
  EXPECT_EQ(settings.providers[0].dialect, "openai");
  EXPECT_FALSE(settings.providers[1].built_in);
  EXPECT_EQ(settings.providers[1].base_url, "http://lab.internal:8000/v1");
  EXPECT_EQ(settings.providers[1].dialect, "openai");
  EXPECT_TRUE(settings.providers[1].api_key.empty());
  EXPECT_EQ(settings.providers[1].key_header, "");
  EXPECT_EQ(settings.providers[2].dialect, "anthropic");
  EXPECT_EQ(settings.providers[2].key_header, "x-claude_key");

  ASSERT_EQ(settings.routes.size(), 2u);
  EXPECT_EQ(settings.routes[0].name, "main");
  ASSERT_EQ(settings.routes[0].config.targets_size(), 2);
  EXPECT_EQ(settings.routes[0].config.targets(1).api_key(), "sk-2");
  EXPECT_EQ(settings.routes[0].config.targets(1).override_params(0).value(), "0.50");
  EXPECT_EQ(settings.routes[0].config.targets(1).override_params(1).value(), "null");
  EXPECT_EQ(settings.routes[1].config.weight().text(), "0.5");
  ASSERT_EQ(settings.aliases.size(), 2u);
  EXPECT_EQ(settings.aliases[1].model, "gpt-4.1");
  EXPECT_EQ(settings.aliases[1].route, "other.v2");
  EXPECT_EQ(settings.default_route, "main");
}

TEST(ConfigFile, HasGuardrails) {
  const FileSettings settings = Settled(
      "guardrails:\n  b: {notNull: {}}\n  a: {checks: [{id: notNull}], reveal: true}\n"
      "default_input_guardrails: [a]\ndefault_output_guardrails: [{notNull: {not: true}}]\n"
      "callers: {keys: [{name: x, key: env:X, input_guardrails: [b], output_guardrails: [b, a]}, {name: y, "
      "key: env:Y}]}\n"
      "routes: {r: {provider: echo, input_guardrails: [b]}}\n",
      {{"X", "foo"}, {"Y", "bar"}});
  ASSERT_EQ(settings.guardrails.size(), 2u);
  EXPECT_EQ(settings.guardrails[0].name, "b");
  EXPECT_EQ(settings.guardrails[1].json, R"({"checks":[{"id":"notNull"}],"reveal":true})");
  EXPECT_EQ(settings.default_hooks.input, R"(["a"])");
  EXPECT_EQ(settings.default_hooks.output, R"([{"notNull":{"not":true}}])");
  EXPECT_EQ(settings.callers[0].hooks.input, R"(["b"])");
  EXPECT_EQ(settings.callers[0].hooks.output, R"(["b","a"])");
  EXPECT_EQ(settings.callers[1].hooks, HookSettings());
  EXPECT_EQ(settings.routes[0].config.input_guardrails(), R"(["b"])");
}

TEST(ConfigFile, HasMiddleware) {
  const FileSettings settings = Settled(
      "middleware:\n"
      "  pii: {grpc: '[::1]:9000', tls: true, hooks: [request, chunk], timeout: 2s, on_error: pass, headers: "
      "[X-User], max_body: 1MB, read_only: false}\n"
      "  audit: {webhook: 'https://a.example/v1?b=c', async: true, secret_headers: {Authorization: env:X}}\n"
      "  who: {built_in: user_of_caller}\n"
      "default_middleware: [pii]\n"
      "callers: {keys: [{name: x, key: env:X, middleware: [audit]}]}\n"
      "routes: {r: {provider: echo, middleware: [who]}}\n",
      {{"X", "foo"}});
  ASSERT_EQ(settings.middleware.size(), 3u);
  const middleware::Settings& pii = *settings.middleware[0];
  EXPECT_EQ(pii.name, "pii");
  EXPECT_EQ(pii.grpc, "[::1]:9000");
  EXPECT_TRUE(pii.tls);
  middleware::HookSet hooks;
  hooks.Add(middleware::Hook::kRequest);
  hooks.Add(middleware::Hook::kChunk);
  EXPECT_EQ(pii.hooks, hooks);
  EXPECT_EQ(pii.timeout.count(), 2000);
  EXPECT_TRUE(pii.pass_on_error);
  EXPECT_EQ(pii.read_only, false);
  EXPECT_EQ(pii.headers, std::vector<std::string>{"x-user"});
  EXPECT_EQ(pii.max_body, 1u << 20);
  const middleware::Settings& audit = *settings.middleware[1];
  EXPECT_EQ(audit.webhook, "https://a.example/v1?b=c");
  EXPECT_EQ(audit.timeout.count(), 3000);
  EXPECT_TRUE(audit.async);
  EXPECT_TRUE(audit.pass_on_error);
  EXPECT_FALSE(audit.hooks.has_value());
  EXPECT_FALSE(audit.read_only.has_value());
  ASSERT_EQ(audit.secret_headers.size(), 1u);
  EXPECT_EQ(audit.secret_headers[0].first, "authorization");
  EXPECT_EQ(audit.secret_headers[0].second.Reveal(), "foo");
  EXPECT_EQ(settings.middleware[2]->built_in, "user_of_caller");
  EXPECT_EQ(settings.middleware[2]->timeout.count(), 500);
  EXPECT_EQ(settings.default_middleware, std::vector<std::string>{"pii"});
  EXPECT_EQ(settings.callers[0].middleware, std::vector<std::string>{"audit"});
}

TEST(ConfigFile, MayBeJson) {
  const FileSettings settings = Settled(
      "{\n\t\"listen\": {\"http\": \":80\"},\n\t\"routes\": {\"a\": {\"provider\": \"echo\", \"weight\": "
      "1.5e0}},\n"
      "\t\"default_route\": \"a\"\n}\n");
  EXPECT_EQ(settings.options.http, ":80");
  EXPECT_EQ(settings.routes[0].config.weight().number(), 1.5);
  EXPECT_EQ(settings.default_route, "a");
}

TEST(ConfigFile, TakesAllOfJson) {
  const FileSettings settings = Settled(
      R"({"routes": {"a": {"provider": "echo", "override_params": {"x": "\ud83d\ude00\/", "y": [1e2, -0.0, null]}}}})");
  EXPECT_EQ(settings.routes[0].config.override_params(0).value(), "\"\xF0\x9F\x98\x80/\"");
  EXPECT_EQ(settings.routes[0].config.override_params(1).value(), "[1e2,-0.0,null]");
  EXPECT_EQ(ProblemsOf("{\n \"listen\": {\"htpp\": 5},\n\t\"a\\ud83d\": 1, \"log_level\": \"\\ud83d\"}"),
            "f:3:29: this is not JSON: a surrogate escape without its partner");
  EXPECT_EQ(
      ProblemsOf(
          "{\n \"listen\": {\"htpp\": 5},\n\t\"\xc3\xa9\": 1, \"log_level\": \"loud\",\n\"listen\": null}"),
      "f:2:13: listen.htpp: there is no such key; did you mean \"http\"?\n"
      "f:3:2: \"\xc3\xa9\": there is no such key; did you mean \"tls\"?\n"
      "f:3:23: log_level: it must be error, warn, info or debug\n"
      "f:4:1: listen: the key stands twice; first on line 2");
}

TEST(ConfigFile, MayBeEmpty) {
  for (const char* text : {"", "# nothing\n", "---\n", "{}", "~", "listen:\nroutes:\n"}) {
    const FileSettings settings = Settled(text);
    EXPECT_EQ(settings.options.http, "127.0.0.1:8787");
    EXPECT_THAT(settings.routes, IsEmpty());
  }
}

TEST(ConfigFile, IsKnownByItsHash) {
  // printf '{}' | sha256sum
  EXPECT_EQ(Settled("{}").hash, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST(ConfigFile, AliasesOfYamlStandForWholeValues) {
  const FileSettings settings = Settled(
      "routes:\n  a: &a {provider: echo, retry: &r {attempts: 2}}\n  b: *a\n  c: {provider: echo, retry: "
      "*r}\n");
  ASSERT_EQ(settings.routes.size(), 3u);
  EXPECT_EQ(settings.routes[1].config.retry().attempts(), 2);
  EXPECT_EQ(settings.routes[2].config.retry().attempts(), 2);
}

TEST(References, AreVariablesAndFiles) {
  const TemporaryFile key("sk-file\n");
  const FileSettings settings =
      Settled("providers: {openai: {api_key: env:A}, anthropic: {api_key: 'file:" + key.path() + "'}}",
              {{"A", " sk-env\n"}});
  EXPECT_EQ(settings.providers[0].api_key.Reveal(), "sk-env");
  EXPECT_EQ(settings.providers[1].api_key.Reveal(), "sk-file");
}

TEST(References, ThatHoldNoKeyAreToldWithTheirPlace) {
  const TemporaryFile empty(" \n");
  const TemporaryFile spaces("hush hush");
  const TemporaryFile large(std::string(20'000, 'x'));
  const std::string text =
      "providers:\n  openai: {api_key: env:A}\n  anthropic: {api_key: 'file:/nowhere/at/all'}\n"
      "routes:\n"
      "  a: {provider: openai, api_key: 'file:" +
      empty.path() +
      "'}\n"
      "  b: {provider: openai, api_key: 'file:" +
      spaces.path() +
      "'}\n"
      "  c.d: {targets: [{provider: openai, api_key: 'file:" +
      large.path() +
      "'}]}\n"
      "callers:\n  admin_key: env:B\n"
      "  keys: [{name: x, key: env:C}, {name: y, key: env:D}]\n";
  ConfigProblems problems;
  FileSettings settings;
  const auto file = ConfigFile::Parse("f", text, &problems);
  ASSERT_NE(file, nullptr) << DescribeProblems("f", problems);
  EXPECT_FALSE(file->Resolve(FakeEnvironment({{"B", "hush hush"}, {"D", "d"}}), &settings, &problems));
  EXPECT_EQ(
      DescribeProblems("f", problems),
      "f:2:21: providers.openai.api_key: the variable A is not set\n"
      "f:3:24: providers.anthropic.api_key: the file /nowhere/at/all: it cannot be read: No such file or "
      "directory\n"
      "f:5:34: routes.a.api_key: the file " +
          empty.path() +
          " is empty\n"
          "f:6:34: routes.b.api_key: file:" +
          spaces.path() +
          ": a key has 1 to 8192 visible ASCII characters and no blanks in it\n"
          "f:7:47: routes.c.d.targets[0].api_key: the file " +
          large.path() +
          ": it is larger than 16 KB\n"
          "f:9:14: callers.admin_key: env:B: a key has 1 to 8192 visible ASCII characters and no blanks in "
          "it\n"
          "f:10:25: callers.keys[0].key: the variable C is not set");
}

TEST(References, OneKeyIsOfOneCaller) {
  ConfigProblems problems;
  FileSettings settings;
  // printf foo | sha256sum
  const auto file = ConfigFile::Parse(
      "f",
      "callers: {keys: [{name: x, key: env:X},\n"
      " {name: y, sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}]}",
      &problems);
  ASSERT_NE(file, nullptr);
  EXPECT_FALSE(file->Resolve(FakeEnvironment({{"X", "foo"}}), &settings, &problems));
  EXPECT_EQ(DescribeProblems("f", problems), "f:2:2: callers.keys[1]: this is the key of x too");
}

TEST(LoadConfigFile, ReadsAFile) {
  const TemporaryFile good("log_level: warn\n");
  const auto settings = LoadConfigFile(good.path(), FakeEnvironment({}));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->path, good.path());
  EXPECT_EQ(settings->options.log_level, telemetry::LogLevel::kWarn);

  const TemporaryFile bad("log_level: warm\nx: 1\n");
  EXPECT_EQ(std::string(LoadConfigFile(bad.path(), FakeEnvironment({})).status().message()),
            bad.path() + ":1:12: log_level: it must be error, warn, info or debug\n" + bad.path() +
                ":2:1: x: there is no such key; did you mean \"tls\"?");
  EXPECT_EQ(std::string(LoadConfigFile("/nowhere/at/all", FakeEnvironment({})).status().message()),
            "/nowhere/at/all: it cannot be read: No such file or directory");
  EXPECT_THAT(std::string(LoadConfigFile("/", FakeEnvironment({})).status().message()),
              StartsWith("/: it cannot be read: "));
}

}  // namespace
}  // namespace portolan::config
