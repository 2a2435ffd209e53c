// What is said of config files that are not good: what a person needs to find the mistake.

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/config_file/parse.h"

namespace portolan::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
      {"providers: {lab: {base_url: 'http://lab', auth: {headr: x}}}",
       "f:1:50: providers.lab.auth.headr: there is no such key; did you mean \"header\"?"},
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
       "f:1:19: default_provider: there is no provider called \"opnai\"; did you mean \"openai\"?"},
      {"providers: {'a b': {base_url: 'http://a'}}",
       "f:1:13: providers.\"a b\": a name has letters, digits and . _ - in it, at most 128"},
      {"providers: {lab: {}}",
       "f:1:13: providers.lab: a provider that is not built in needs a base_url; there is no provider "
       "called \"lab\"; docs/providers.md lists them, and `portolan providers` too"},
      {"providers: {antropic: {api_key: 'env:A'}}",
       "f:1:13: providers.antropic: a provider that is not built in needs a base_url; there is no provider "
       "called \"antropic\"; did you mean \"anthropic\"?"},
      {"providers: {lab: {base_url: 'lab:1'}}",
       "f:1:29: providers.lab.base_url: the URL must start with http:// or https://"},
      {"providers: {lab: {base_url: 'http://lab', dialect: echo}}",
       "f:1:52: providers.lab.dialect: there is no such dialect; known are openai, anthropic, google, "
       "bedrock, cohere, palm, watsonx"},
      {"providers: {lab: {base_url: 'http://lab', dialect: opnai}}",
       "f:1:52: providers.lab.dialect: there is no such dialect; known are openai, anthropic, google, "
       "bedrock, cohere, palm, watsonx; did "
       "you mean "
       "\"openai\"?"},
      {"providers: {openai: {dialect: anthropic}}",
       "f:1:31: providers.openai.dialect: a built-in provider speaks its own dialect"},
      {"providers: {echo: {base_url: 'http://lab'}}",
       "f:1:30: providers.echo.base_url: this provider is inside the gateway and has no address"},
      {"providers: {lab: {base_url: 'http://lab', auth: {header: 'x key'}}}",
       "f:1:58: providers.lab.auth.header: a header's name has letters, digits, - and _ in it"},
      {"providers: {lab: {base_url: 'http://lab', auth: {header: Authorization}}}",
       "f:1:58: providers.lab.auth.header: in this header keys go as bearers, which they do where no header "
       "is "
       "named"},
      {"providers: {lab: {base_url: 'http://lab', auth: {header: Content-Length}}}",
       "f:1:58: providers.lab.auth.header: this header is the gateway's to write"},
      {"providers: {lab: {base_url: 'http://lab', auth: {header: traceparent}}}",
       "f:1:58: providers.lab.auth.header: this header is the gateway's to write"},
      {"providers: {lab: {base_url: 'http://lab', auth: {header: X-Portolan-Key}}}",
       "f:1:58: providers.lab.auth.header: this header is the gateway's to write"},
      {"providers: {openai: {auth: {header: x-api-key}}}",
       "f:1:22: providers.openai.auth: at its own address a built-in provider gets its key as its API wants "
       "it; "
       "this is for one with a base_url"},
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
       "f:1:24: routes.a.provider: there is no provider called \"nobody\"; docs/providers.md lists "
       "them, and `portolan providers` too"},
      {"routes: {a: {strategy: {mode: fallback}, targets: [{provider: openai}, {strategy: {mode: single}, "
       "targets: [{provider: Antropic}]}]}}",
       "f:1:120: routes.a.targets[1].targets[0].provider: there is no provider called \"Antropic\"; did "
       "you mean \"anthropic\"?"},
      {"providers: {vllm-a: {base_url: 'http://a'}}\nroutes: {a: {provider: vlm-a}}",
       "f:2:24: routes.a.provider: there is no provider called \"vlm-a\"; did you mean \"vllm-a\"?"},
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

TEST(ConfigFile, RefusesMiddlewareThatMakesNoSense) {
  const Bad cases[] = {
      {"middleware: {a: {}}",
       "f:1:14: middleware.a: a middleware has exactly one of grpc, webhook and built_in"},
      {"middleware: {a: {grpc: 'b:1', webhook: 'http://b'}}",
       "f:1:14: middleware.a: a middleware has exactly one of grpc, webhook and built_in"},
      {"middleware: {a b: {grpc: 'b:1'}}",
       "f:1:14: middleware.\"a b\": a name has letters, digits and . _ - in it, at most 128"},
      {"middleware: {a: {grpc: b}}", "f:1:24: middleware.a.grpc: must be HOST:PORT"},
      {"middleware: {a: {grpc: 'http://b:1'}}", "f:1:24: middleware.a.grpc: must be HOST:PORT"},
      {"middleware: {a: {built_in: user}}",
       "f:1:28: middleware.a.built_in: there is no such middleware; built in are user_of_caller; did you "
       "mean "
       "\"user_of_caller\"?"},
      {"middleware: {a: {webhook: 'http://b', tls: true}}",
       "f:1:39: middleware.a.tls: is for grpc; a webhook's URL says itself whether it is https"},
      {"middleware: {a: {grpc: 'b:1', hooks: [requst]}}",
       "f:1:39: middleware.a.hooks[0]: must be request, attempt, response, chunk or end"},
      {"middleware: {a: {grpc: 'b:1', hooks: []}}",
       "f:1:38: middleware.a.hooks: an empty list asks for nothing; leave it out for what the middleware "
       "says"},
      {"middleware: {a: {webhook: 'http://b', hooks: [chunk]}}",
       "f:1:47: middleware.a.hooks[0]: a webhook is not asked about chunks; with response it gets a stream "
       "when "
       "it is whole"},
      {"middleware: {a: {grpc: 'b:1', timeout: 0s}}", "f:1:40: middleware.a.timeout: must be more than 0"},
      {"middleware: {a: {grpc: 'b:1', max_body: 1GB}}",
       "f:1:41: middleware.a.max_body: must be from 1KB to 64MB"},
      {"middleware: {a: {grpc: 'b:1', on_error: stop}}",
       "f:1:41: middleware.a.on_error: must be deny or pass"},
      {"middleware: {a: {grpc: 'b:1', on_error: deny, async: true}}",
       "f:1:41: middleware.a.on_error: what is asked beside the call cannot end it"},
      {"middleware: {a: {grpc: 'b:1', headers: [Authorization]}}",
       "f:1:41: middleware.a.headers[0]: this header is not handed on: it is a credential, the gateway's "
       "own, or "
       "frames the message"},
      {"middleware: {a: {grpc: 'b:1', secret_headers: {x-a: secret}}}",
       "f:1:53: middleware.a.secret_headers.x-a: write env:NAME or file:PATH, never the key itself"},
      {"default_middleware: [a]",
       "f:1:22: default_middleware[0]: there is no such middleware; the file has none"},
      {"middleware: {audit: {grpc: 'b:1'}}\ncallers: {keys: [{name: x, key: env:X, middleware: [auditt]}]}",
       "f:2:53: callers.keys[0].middleware[0]: there is no such middleware; did you mean \"audit\"?"},
      {"middleware: {audit: {grpc: 'b:1'}}\nroutes: {r: {provider: echo, middleware: [aud]}}",
       "f:2:43: routes.r.middleware[0]: there is no middleware called \"aud\""},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

TEST(ConfigFile, RefusesGuardrailsThatMakeNoSense) {
  const Bad cases[] = {
      {"guardrails: {a: {default.contains: {operator: any}}}",
       "f:1:36: guardrails.a[\"default.contains\"].words: must be there"},
      {"guardrails: {a: {default.contains: {words: []}}}",
       "f:1:44: guardrails.a.default.contains.words: must be a list of texts, with one at least and none "
       "empty"},
      {"guardrails:\n  a:\n    checks:\n      - {id: regexMatch, parameters: {rule: '(?=a)'}}\n",
       "f:4:45: guardrails.a.checks[0].parameters.rule: the pattern cannot be used: look-around is not "
       "supported: it takes more than linear time"},
      {"guardrails: {a: {notNull: {}, deny: maybe}}", "f:1:37: guardrails.a.deny: must be true or false"},
      {"guardrails: {a: {notNull: {}, reveal: 1}}", "f:1:39: guardrails.a.reveal: must be true or false"},
      {"guardrails: {a: }", "f:1:17: guardrails.a: a guardrail is an object"},
      {"guardrails: {a: b, b: {notNull: {}}}", "f:1:17: guardrails.a: a guardrail is an object"},
      {"guardrails: {a: {}}", "f:1:17: guardrails.a: a guardrail has one check at least"},
      {"guardrails: {a b: {notNull: {}}}",
       "f:1:14: guardrails.\"a b\": a name has letters, digits and . _ - in it, at most 128"},
      {"guardrails: {a: {notNull: {}}}\ndefault_input_guardrails: [a, b]",
       "f:2:31: default_input_guardrails[1]: no guardrail of this gateway's is called \"b\""},
      {"default_output_guardrails: a",
       "f:1:28: default_output_guardrails: must be a list of guardrails or of names"},
      {"default_output_guardrails: [{jsonKeys: {keys: 5}}]",
       "f:1:47: default_output_guardrails[0].jsonKeys.keys: must be a list of texts, with one at least and "
       "none "
       "empty"},
      {"callers: {keys: [{name: x, key: env:A}, {name: a, key: env:B, input_guardrails: [b]}]}",
       "f:1:82: callers.keys[1].input_guardrails[0]: no guardrail of this gateway's is called \"b\""},
      {"callers: {keys: [{name: a, key: env:A, output_guardrails: [{notNull: {}, type: x}]}]}",
       "f:1:80: callers.keys[0].output_guardrails[0].type: must be guardrail or mutator"},
      {"guardrails: {a: {notNull: {}}}\nroutes: {r: {targets: [{provider: echo, output_guardrails: [a, "
       "c]}]}}",
       "f:2:64: routes.r.targets[0].output_guardrails[1]: no guardrail of this gateway's is called \"c\""},
      {"routes:\n  r:\n    provider: echo\n    input_guardrails:\n      - default.contains: {words: [1]}\n",
       "f:5:35: routes.r.input_guardrails[0].default.contains.words: must be a list of texts, with one at "
       "least "
       "and none empty"},
  };
  for (const Bad& bad : cases) EXPECT_EQ(ProblemsOf(bad.text), bad.problems) << bad.text;
}

// One mistake is told once, not again wherever the guardrail is named.
TEST(ConfigFile, ReportsAWrongGuardrailOnlyWhereItStands) {
  EXPECT_EQ(ProblemsOf("guardrails: {a: {notNull: 1, deny: 1}}\n"
                       "default_input_guardrails: [a]\n"
                       "routes: {r: {provider: echo, input_guardrails: [a]}}\n"),
            "f:1:36: guardrails.a.deny: must be true or false");
}

TEST(ConfigFile, NamesDenialsThatHaveNoEffect) {
  ConfigProblems problems;
  const auto file =
      ConfigFile::Parse("f",
                        "guardrails: {a: {notNull: {}, deny: true, async: true}}\n"
                        "default_input_guardrails: [a, {notNull: {}, async: true, deny: true}]\n"
                        "routes: {r: {provider: echo, input_guardrails: [a, {notNull: {}, async: true, "
                        "deny: true}]}}\n",
                        &problems);
  ASSERT_NE(file, nullptr) << DescribeProblems("f", problems);
  EXPECT_EQ(DescribeProblems("f", file->without_effect()),
            "f:1:31: guardrails.a.deny: has no effect here\n"
            "f:2:58: default_input_guardrails[1].deny: has no effect here\n"
            "f:3:79: routes.r.input_guardrails[1].deny: has no effect here");
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

// They are no secrets; what is only like them may be one.
TEST(ConfigFile, TakesTheMachinesIdentitiesAsProvidersKeys) {
  for (const char* text :
       {"providers: {vertex-ai: {api_key: metadata-server}}",
        "providers: {azure-ai: {api_key: managed-identity}}",
        "providers: {azure-openai: {api_key: 'managed-identity:11-aa'}}",
        "providers: {v: {base_url: 'http://v', dialect: vertex-ai, api_key: metadata-server}}",
        "routes: {a: {targets: [{provider: vertex-ai, api_key: metadata-server}]}}"}) {
    EXPECT_EQ(ProblemsOf(text), "") << text;
  }
  for (const char* text :
       {"providers: {vertex-ai: {api_key: metadata-server2}}",
        "providers: {azure-ai: {api_key: managed-identityX}}",
        "providers: {azure-ai: {api_key: 'managed-identity:'}}",
        "providers: {azure-ai: {api_key: 'managed-identity:a b'}}", "callers: {admin_key: metadata-server}",
        "callers: {keys: [{name: a, key: managed-identity}]}",
        "middleware: {a: {grpc: 'b:1', secret_headers: {x-a: metadata-server}}}"}) {
    EXPECT_THAT(ProblemsOf(text), HasSubstr("write env:NAME or file:PATH, never the key itself")) << text;
  }
  for (const char* text :
       {"providers: {openai: {api_key: metadata-server}}",
        "providers: {vertex-ai: {api_key: managed-identity}}",
        "providers: {azure-ai: {api_key: metadata-server}}",
        "providers: {o: {base_url: 'http://o', api_key: metadata-server}}",
        "providers: {o: {base_url: 'http://o', dialect: openai, api_key: managed-identity}}"}) {
    EXPECT_THAT(ProblemsOf(text), HasSubstr("does not know the machine's identity by that name")) << text;
  }
}

TEST(ConfigFile, TellsEachProblemInOneLine) {
  for (const char* text :
       {"providers: {openai: {api_key: \"file:/a\\nb\"}}", "\"a\\nb\": 1", "log_level: \"\\\tx\"",
        "aliases: {x: y}\nroutes: {\"y\\n\": {provider: echo}}",
        "providers: {\"a\\nb\": {base_url: 'http://a'}}\nroutes: {r: {provider: \"a\\nb\"}}"}) {
    const std::string problems = ProblemsOf(text);
    EXPECT_NE(problems, "");
    for (size_t at = 0; at < problems.size(); at = problems.find('\n', at) + 1) {
      EXPECT_EQ(problems.substr(at, 2), "f:") << problems;
      if (problems.find('\n', at) == std::string::npos) break;
    }
  }
}

TEST(ConfigFile, TellsAllProblemsAtOnceInOrder) {
  EXPECT_EQ(ProblemsOf("listen:\n"
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
            "f:6:17: routes.a.provider: there is no provider called \"nobody\"; docs/providers.md lists "
            "them, and `portolan providers` too\n"
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

}  // namespace
}  // namespace portolan::config
