// What the gateway's own headers say, both ways.

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

const test::Headers kDirect = {
    {"x-portkey-provider", "openai"}, {"x-portkey-custom-host", "UPSTREAM"}, {"authorization", "Bearer k"}};

test::Headers With(test::Headers headers, const test::Headers& more) {
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

}  // namespace

std::vector<Case> HeaderCases() {
  const std::string asked = "Headers of requests";
  const std::string told = "Headers of answers";
  const std::string two = R"({"strategy":{"mode":"fallback"},"targets":[)" + AtUpstream() +
                          R"(,{"strategy":)" + R"({"mode":"single"},"targets":[)" + AtUpstream() + "]}]}";
  return {
      {.group = asked,
       .what = "`x-portkey-…`",
       .portkey = "the only spelling",
       .portolan = "`x-portolan-…` says the same, and answers use the spelling of the request",
       .calls = {{.headers = kDirect,
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-provider", "openai"}, {"x-portolan-provider", ""}}},
                 {.headers = {{"x-portolan-provider", "openai"},
                              {"x-portolan-custom-host", "UPSTREAM"},
                              {"authorization", "Bearer k"}},
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portolan-provider", "openai"}, {"x-portkey-provider", ""}}}}},
      {.group = asked,
       .what = "neither `x-portkey-provider` nor a config",
       .portkey = "400",
       .verdict = Verdict::kFixed,
       .portolan = "the provider before the first `/` of `model`; else the default provider",
       .calls = {{.body = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})",
                  .calls = 0,
                  .answer_headers = {{"x-portolan-provider", "echo"}}}}},
      {.group = asked,
       .what = "`authorization`",
       .portkey = "the provider's key if the config has none; goes to every target of the config",
       .verdict = Verdict::kFixed,
       .portolan =
           "goes to a target without a key of its own, and only if it can be meant for no other provider",
       .calls =
           {{.headers = kDirect, .answers = {GoodAnswer()}},
            {.headers =
                 {{"x-portkey-config",
                   R"({"strategy":{"mode":"single"},"targets":[{"provider":"openai"},{"provider":"anthropic"}]})"},
                  {"authorization", "Bearer k"}},
             .calls = 0,
             .status = 401,
             .says = {{"/error/code", R"("missing_provider_key")"}}}}},
      {.group = asked,
       .what = "no `content-type`",
       .portkey = "the provider gets an empty body",
       .verdict = Verdict::kFixed,
       .portolan = "the body is JSON",
       .calls = {{.headers = kDirect,
                  .content_type = false,
                  .answers = {GoodAnswer()},
                  .upstream_gets = {{"/model", R"("m")"}}}}},
      {.group = asked,
       .what = "`x-portkey-default-input-guardrails`, `x-portkey-default-output-guardrails`",
       .portkey = "checks of every request and answer, behind those of the config",
       .calls = {{.headers =
                      With(kDirect,
                           {{"x-portkey-default-input-guardrails",
                             R"([{"default.contains":{"words":["hi"],"operator":"none"},"deny":true}])"}}),
                  .calls = 0,
                  .status = 446}}},
      {.group = asked,
       .what = "`x-portkey-…` that nobody reads: a typo, an option of a provider that is not called",
       .portkey = "dropped in silence",
       .verdict = Verdict::kFixed,
       .portolan = "named in `x-portolan-ignored`",
       .calls = {{.headers = With(kDirect, {{"x-portkey-provder", "a"}, {"x-portkey-anthropic-beta", "b"}}),
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-ignored", "x-portkey-provder, x-portkey-anthropic-beta"}}}}},
      {.group = told,
       .what = "`x-portkey-last-used-option-index`",
       .portkey = "the path of the target that answered: `config`, `config.targets[1].targets[0]`",
       .calls = {{.headers = Config(AtUpstream()),
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-last-used-option-index", "config"}}},
                 {.headers = Config(two),
                  .answers = {test::RespondJson(500, "{}"), GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1].targets[0]"}}}}},
      {.group = told,
       .what = "`x-portkey-provider`, `x-portkey-retry-attempt-count`, `x-portkey-cache-status`",
       .portkey = "who answered; retries made; `DISABLED` unless it was built with a cache",
       .calls = {{.headers = kDirect,
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-provider", "openai"},
                                     {"x-portkey-retry-attempt-count", "0"},
                                     {"x-portkey-cache-status", "DISABLED"}}}}},
      {.group = told,
       .what = "`x-portkey-trace-id`",
       .portkey = "the request's, or empty",
       .verdict = Verdict::kFixed,
       .portolan = "the request's, or one that is made",
       .calls = {{.headers = With(kDirect, {{"x-portkey-trace-id", "mine"}}),
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-trace-id", "mine"}}},
                 {.headers = kDirect,
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-trace-id", "*"}}}}},
      {.group = told,
       .what = "`x-portkey-gateway-exception`",
       .portkey = "`true` on an error of its own for a target, without a call to it",
       .calls = {{.path = "/v1/embeddings",
                  .headers = Config(R"({"provider":"anthropic","api_key":"k"})"),
                  .body = R"({"model":"m","input":"hi"})",
                  .calls = 0,
                  .status = 400,
                  .says = {{"/error/code", R"("unsupported_operation")"}},
                  .answer_headers = {{"x-portkey-gateway-exception", "true"}}},
                 {.headers = Config(R"({"provider":"openai","api_key":"k","custom_host":"REFUSED"})"),
                  .calls = 0,
                  .status = 502,
                  .says = {{"/error/portolan/class", R"("provider")"}},
                  .answer_headers = {{"x-portkey-gateway-exception", ""}}}}},
      {.group = told,
       .what = "the provider's own headers",
       .portkey = "all of them, `set-cookie` included",
       .verdict = Verdict::kFixed,
       .portolan =
           "rate limits, `retry-after`, `openai-*`, `anthropic-*` ([headers](headers.md)); never a cookie",
       .calls = {{.headers = kDirect,
                  .answers = {test::Respond(429, R"({"error":{"message":"m","type":"t"}})",
                                            {{"content-type", "application/json"},
                                             {"set-cookie", "a=b"},
                                             {"x-ratelimit-limit-requests", "60"}})},
                  .status = 429,
                  .answer_headers = {{"set-cookie", ""}, {"x-ratelimit-limit-requests", "60"}}}}},
  };
}

}  // namespace portolan::compatibility
