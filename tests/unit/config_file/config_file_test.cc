// What a config file comes to, and what is said of one that is not good. Expected texts are what a person
// needs to find the mistake.

#include "server/config_file/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;

using Variables = std::map<std::string, std::string>;

std::string ProblemsOf(std::string_view text) {
  ConfigProblems problems;
  const auto file = ConfigFile::Parse("f", text, &problems);
  EXPECT_EQ(file == nullptr, !problems.empty()) << text;
  return DescribeProblems("f", problems);
}

FileSettings Settled(std::string_view text, Variables variables = {}) {
  ConfigProblems problems;
  FileSettings settings;
  const auto file = ConfigFile::Parse("f", text, &problems);
  if (file != nullptr) file->Resolve(FakeEnvironment(std::move(variables)), &settings, &problems);
  EXPECT_EQ(DescribeProblems("f", problems), "") << text;
  return settings;
}

// A file with this content, gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(testing::TempDir() + "config_file_test_" + std::to_string(++count_)) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  static inline int count_ = 0;
  const std::string path_;
};

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
  claude: {base_url: "https://c.example", dialect: anthropic}
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
  EXPECT_THAT(options.allow_upstream, ElementsAre("10.0.0.0/8"));
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
  EXPECT_EQ(settings.providers[2].dialect, "anthropic");

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

struct Bad {
  const char* text;
  const char* problems;
};

TEST(ConfigFile, TellsWhatIsNotYaml) {
  const Bad cases[] = {
      {"a: b: c\n", "f:1:5: this is not YAML: illegal map value"},
      {"listen: {http: ':1'\n", "f:2:1: listen: this is not YAML: end of map flow not found"},
      {"listen: *x\n", "f:1:9: this is not YAML: the referenced anchor is not defined"},
      {"listen: {}\n---\nlog_level: info\n",
       "f:2:1: a second document begins here; the file may hold one only"},
      {"log_level: \xff\n", "f:1:12: the text is not UTF-8"},
      {"# \xc3\xa9\n# \xc3\xa9 \x04\nlog_level: info\n", "f:2:5: there is a control character"},
      {"[1]", "f:1:1: expected an object, got an array"},
      {"listen", "f:1:1: expected an object, got a string"},
      {"listen: {http: ':1', http: ':2'}", "f:1:22: listen.http: the key stands twice; first on line 1"},
      {"routes: {a: {provider: echo}}\nlisten: {}\nroutes: {}\n",
       "f:3:1: routes: the key stands twice; first on line 1"},
      {"log_level: !!str info\n",
       "f:1:12: log_level: tags have no meaning here; what stands in quotes is a string"},
      {"? [a]\n: 1\n", "f:1:3: ?: a key must be a name"},
      {"~: 1\n", "f:1:1: ?: a key must be a name"},
      {"routes: {a: &a {provider: echo}, b: {<<: *a}}",
       "f:1:38: routes.b.<<: keys are not merged here; an alias stands for a whole value"},
      {"routes: &r {a: *r}", "f:1:16: routes: an alias cannot stand within what it stands for"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesKeysThatDoNotExist) {
  const Bad cases[] = {
      {"lisen: {}", "f:1:1: lisen: there is no such key; did you mean \"listen\"?"},
      {"listen:\n  htpp: ':1'\n", "f:2:3: listen.htpp: there is no such key; did you mean \"http\"?"},
      {"callers: {keys: [{name: a, keys: env:A}]}",
       "f:1:28: callers.keys[0].keys: there is no such key; did you mean \"key\"?"},
      {"providers: {lab: {base_ulr: 'http://a'}}",
       "f:1:19: providers.lab.base_ulr: there is no such key; did you mean \"base_url\"?"},
      {"routes: {a: {stratgy: {mode: single}, targets: [{provider: echo}]}}",
       "f:1:14: routes.a.stratgy: there is no such key; did you mean \"strategy\"?"},
      {"routes: {a: {targets: [{provider: echo, retry: {atempts: 1}}]}}",
       "f:1:49: routes.a.targets[0].retry.atempts: there is no such key; did you mean \"attempts\"?"},
      {"routes: {a: {provider: openai, openai_projekt: p}}",
       "f:1:32: routes.a.openai_projekt: there is no such key; did you mean \"openai_project\"?"},
      {"routes: {a: {strategy: {mode: conditional, conditions: [{query: {}, than: b}]}, targets: [{name: "
       "b}]}}",
       "f:1:69: routes.a.strategy.conditions[0].than: there is no such key; did you mean \"then\"?"},
      {"routes: {a: {extra: []}}", "f:1:14: routes.a.extra: there is no such key; did you mean \"retry\"?"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesValuesOfTheWrongType) {
  const Bad cases[] = {
      {"listen: 8787", "f:1:9: listen: expected an object, got a number"},
      {"listen: {http: 8787}",
       "f:1:16: listen.http: expected a string, got a number; in quotes it is a string"},
      {"listen: {threads: many}", "f:1:19: listen.threads: expected a number, got a string"},
      {"listen: {threads: 1.5}", "f:1:19: listen.threads: expected an integer"},
      {"upstream: {direct_keys: yes}",
       "f:1:25: upstream.direct_keys: expected a boolean, got a string; write true or false"},
      {"callers: {cors_origins: 'https://a'}",
       "f:1:25: callers.cors_origins: expected an array, got a string"},
      {"routes: {a: {strategy: {mode: random}, targets: [{provider: echo}]}}",
       "f:1:31: routes.a.strategy.mode: expected one of single, fallback, loadbalance, conditional"},
      {"routes: {a: {provider: echo, weight: .inf}}",
       "f:1:38: routes.a.weight: this number is none that can be used here"},
      {"providers: [openai]", "f:1:12: providers: expected an object, got an array"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesValuesThatMakeNoSense) {
  const Bad cases[] = {
      {"listen: {http: nowhere}", "f:1:16: listen.http: an address is HOST:PORT, as in 127.0.0.1:8787"},
      {"listen: {grace: '30'}",
       "f:1:17: listen.grace: a time is a number with its unit: 500ms, 30s, 2m or 1h"},
      {"limits: {max_body: 2GB}", "f:1:20: limits.max_body: it must be from 1KB to 1GB"},
      {"upstream: {allow: [10.0.0.0/8, 10.1.2]}",
       "f:1:32: upstream.allow[1]: it must be a network (10.0.0.0/8), an IP address, a host name "
       "(llm.internal) "
       "or a suffix (.internal)"},
      {"tls: {client_auth: maybe}", "f:1:20: tls.client_auth: it must be required or optional"},
      {"log_level: loud", "f:1:12: log_level: it must be error, warn, info or debug"},
      {"default_provider: opnai",
       "f:1:19: default_provider: there is no such provider; did you mean \"openai\"?"},
      {"providers: {'a b': {base_url: 'http://a'}}",
       "f:1:13: providers.\"a b\": a name has letters, digits and . _ - in it, at most 128"},
      {"providers: {lab: {}}",
       "f:1:13: providers.lab: a provider that is not built in needs a base_url; built in are openai, "
       "anthropic, "
       "echo"},
      {"providers: {lab: {base_url: 'lab:1'}}",
       "f:1:29: providers.lab.base_url: the URL must start with http:// or https://"},
      {"providers: {lab: {base_url: 'http://lab', dialect: echo}}",
       "f:1:52: providers.lab.dialect: there is no such dialect; known are openai, anthropic"},
      {"providers: {openai: {dialect: anthropic}}",
       "f:1:31: providers.openai.dialect: a built-in provider speaks its own dialect"},
      {"providers: {echo: {base_url: 'http://lab'}}",
       "f:1:30: providers.echo.base_url: this provider is inside the gateway and has no address"},
      {"aliases: {fast: mian}\nroutes: {main: {provider: echo}}",
       "f:1:17: aliases.fast: there is no such route; did you mean \"main\"?"},
      {"aliases: {fast: main}", "f:1:17: aliases.fast: there is no such route; the file has none"},
      {"aliases: {fast: }", "f:1:11: aliases.fast: an alias names a route"},
      {"default_route: main", "f:1:16: default_route: there is no such route; the file has none"},
      {"routes: {a: }", "f:1:10: routes.a: a route is an object, as in {provider: openai}"},
      {"routes: {a/b: {provider: echo}}",
       "f:1:10: routes.a/b: a name has letters, digits and . _ - in it, at most 128"},
      {"routes: {a: {targets: [{provider: openai, custom_host: 'http://u:hush@lab/v1'}]}}",
       "f:1:56: routes.a.targets[0].custom_host: the URL has user information"},
      {"providers: {lab: {base_url: 'https://hush@lab'}}",
       "f:1:29: providers.lab.base_url: the URL has user information"},
      {"routes: {a: {provider: nobody}}",
       "f:1:24: routes.a.provider: there is no provider called \"nobody\"; known are openai, anthropic, "
       "echo"},
      {"routes: {a: {strategy: {mode: fallback}}}",
       "f:1:13: routes.a.targets: a strategy needs at least one target"},
      {"routes:\n  a:\n    strategy: {mode: fallback}\n    targets:\n      - provider: echo\n        retry: "
       "{attempts: 6}\n",
       "f:6:27: routes.a.targets[0].retry.attempts: must be between 0 and 5"},
      {"routes: {a: {provider: openai, openai_project: [p]}}",
       "f:1:48: routes.a.openai_project: is not a member of a config"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesCallersThatCannotBe) {
  const Bad cases[] = {
      {"callers: {keys: [{key: env:A}]}", "f:1:18: callers.keys[0]: a caller needs a name"},
      {"callers: {keys: [{name: a/b, key: env:A}]}",
       "f:1:25: callers.keys[0].name: a name has letters, digits and . _ - in it, at most 128"},
      {"callers: {keys: [{name: a, key: env:A}, {name: a, key: env:B}]}",
       "f:1:48: callers.keys[1].name: two callers have this name"},
      {"callers: {keys: [{name: a}]}", "f:1:18: callers.keys[0]: a caller has exactly one of key and sha256"},
      {"callers: {keys: [{name: a, key: env:A, sha256: b}]}",
       "f:1:18: callers.keys[0]: a caller has exactly one of key and sha256"},
      {"callers: {keys: [{name: a, sha256: abc}]}",
       "f:1:36: callers.keys[0].sha256: a SHA-256 has 64 hexadecimal digits"},
      {"callers: {keys: [{name: a, key: env:A, routes: []}]}",
       "f:1:48: callers.keys[0].routes: an empty list allows nothing; leave it out to allow all"},
      {"callers: {keys: [{name: a, key: env:A, models: }]}",
       "f:1:48: callers.keys[0].models: an empty list allows nothing; leave it out to allow all"},
      {"callers: {keys: [{name: a, key: env:A, models: ['*gpt']}]}",
       "f:1:49: callers.keys[0].models[0]: `*` may stand at the end only"},
      {"callers: {keys: [{name: a, key: env:A, routes: [x]}]}",
       "f:1:49: callers.keys[0].routes[0]: there is no such route; the file has none"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesKeysThemselvesAndNeverQuotesThem) {
  for (const char* text :
       {"providers: {openai: {api_key: sk-hush}}", "callers: {admin_key: hush}",
        "callers: {keys: [{name: a, key: hush}]}", "routes: {a: {provider: openai, api_key: hush}}",
        "routes: {a: {targets: [{targets: [{provider: openai, api_key: hush}]}]}}",
        "providers: {openai: {api_key: 'env:hush hush'}}", "providers: {openai: {api_key: 'file:'}}"}) {
    EXPECT_THAT(ProblemsOf(text), HasSubstr("key: write env:NAME or file:PATH, never the key itself"))
        << text;
    EXPECT_THAT(ProblemsOf(text), Not(HasSubstr("hush"))) << text;
  }
}

TEST(ConfigFile, TellsAllProblemsAtOnceInOrder) {
  EXPECT_EQ(
      ProblemsOf("listen:\n"
                 "  threads: many\n"
                 "  gracе: 1s\n"
                 "  grace: soon\n"
                 "routes:\n"
                 "  a: {provider: nobody}\n"
                 "  b: {provider: echo, retry: {attempts: 9}}\n"
                 "  c: {provider: 5}\n"
                 "log_levle: info\n"
                 "aliases: {x: d}\n"),
      "f:2:12: listen.threads: expected a number, got a string\n"
      "f:3:3: listen.\"gracе\": there is no such key; did you mean \"grace\"?\n"
      "f:4:10: listen.grace: a time is a number with its unit: 500ms, 30s, 2m or 1h\n"
      "f:6:17: routes.a.provider: there is no provider called \"nobody\"; known are openai, anthropic, echo\n"
      "f:7:41: routes.b.retry.attempts: must be between 0 and 5\n"
      "f:8:17: routes.c.provider: expected a string, got a number; in quotes it is a string\n"
      "f:9:1: log_levle: there is no such key; did you mean \"log_level\"?\n"
      "f:10:14: aliases.x: there is no such route; did you mean \"a\"?");
}

TEST(ConfigFile, NamesWhatHasNoEffect) {
  ConfigProblems problems;
  const auto file = ConfigFile::Parse(
      "f", "routes:\n  a:\n    cache: {mode: simple}\n    targets: [{provider: echo, virtual_key: v}]\n",
      &problems);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(DescribeProblems("f", file->without_effect()),
            "f:3:5: routes.a.cache: has no effect here\n"
            "f:4:32: routes.a.targets[0].virtual_key: has no effect here");
}

TEST(ConfigFile, BoundsWhatItTakes) {
  EXPECT_EQ(ProblemsOf("# " + std::string(ConfigFile::kMaxBytes, 'x')), "f: the file is larger than 1 MB");
  EXPECT_EQ(ProblemsOf("routes: " + std::string(79, '[') + std::string(79, ']')).find("nested"),
            std::string::npos);
  EXPECT_THAT(ProblemsOf("routes: " + std::string(100'000, '[')), HasSubstr("this is nested too deep"));
  EXPECT_THAT(ProblemsOf(std::string(300, 'x') + ": 1"), HasSubstr("a key has at most 256 bytes"));

  std::string many = "callers: {cors_origins: [";
  for (int i = 0; i < 60'000; ++i) many += "a,";
  EXPECT_THAT(ProblemsOf(many + "]}"), HasSubstr("the file holds more than 50000 values"));

  // Ten times ten, nine times over.
  std::string laughs = "a: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j == 0 ? "" : ",") + before;
    laughs += "]\n";
  }
  EXPECT_THAT(ProblemsOf(laughs), HasSubstr("the aliases of this file come to too much"));
  const std::string big = "a: &a " + std::string(900'000, 'x') + "\nb: [*a,*a,*a,*a,*a,*a]\n";
  EXPECT_THAT(ProblemsOf(big), HasSubstr("the aliases of this file come to too much"));

  std::string wrong;
  for (int i = 0; i < 1000; ++i) wrong += "k" + std::to_string(i) + ": 1\n";
  const std::string problems = ProblemsOf(wrong);
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n') + 1, 100);
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
