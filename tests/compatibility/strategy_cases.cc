// How a node chooses among its targets.

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

constexpr char kTwo[] = R"("targets":[{"provider":"echo","name":"a"},{"provider":"echo","name":"b"}]})";

std::string Of(const std::string& strategy) { return R"({"strategy":{)" + strategy + "}," + kTwo; }
std::string Fallback(const std::string& statuses = "") {
  return Of(R"("mode":"fallback")" + (statuses.empty() ? "" : R"(,"on_status_codes":)" + statuses));
}
std::string LoadBalance(const std::string& first, const std::string& second) {
  return R"({"strategy":{"mode":"loadbalance"},"targets":[{"provider":"echo")" + first +
         R"(},{"provider":"echo")" + second + "}]}";
}

// A fallback from what stands first to the upstream.
std::string ToUpstream(const std::string& first, const std::string& strategy = "") {
  return R"({"strategy":{"mode":"fallback")" + strategy + R"(},"targets":[)" + first + "," + AtUpstream() +
         "]}";
}

constexpr char kBoth[] = "targets[0], targets[1]";
constexpr char kFirst[] = "targets[0]";

std::vector<Case> FallbackCases() {
  const std::string group = "`fallback`";
  const auto routes = [](const std::string& config, const std::vector<std::string>& statuses,
                         const std::string& attempts) {
    std::vector<Route> all;
    for (const std::string& status : statuses) {
      all.push_back({.config = config, .happens = {status}, .attempts = attempts});
    }
    return all;
  };
  Case streams = {.group = group,
                  .what = "a stream that breaks off before its first content",
                  .portkey = "has begun with its status line, and is passed on as it is",
                  .verdict = Verdict::kFixed,
                  .portolan = "falls back: a stream counts from its first content on"};
  streams.calls = {
      {.headers = Config(R"({"strategy":{"mode":"fallback"},"targets":[)" + AtUpstream() + "," +
                         AtUpstream() + "]}"),
       .body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})",
       .answers = {test::Script()
                       .Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                             "content-length: 99\r\n\r\n")
                       .Close(),
                   test::RespondEvents(
                       {"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
                        "\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}\n\n",
                        "data: [DONE]\n\n"})},
       .calls = 2,
       .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}};
  return {
      {.group = group,
       .what = "the first target answers 2xx",
       .portkey = "that is the answer",
       .routes = routes(Fallback(), {"200", "201", "246"}, kFirst)},
      {.group = group,
       .what = "it answers anything else, 400 and 401 included, and there are no `on_status_codes`",
       .portkey = "the next target",
       .routes = routes(Fallback(), {"400", "401", "404", "408", "429", "446", "500", "503"}, kBoth)},
      {.group = group,
       .what = "`on_status_codes`",
       .portkey = "these statuses lead to the next target, no others; a good status too if it is listed",
       .routes =
           [&] {
             auto all = routes(Fallback("[429,503]"), {"429", "503"}, kBoth);
             for (const char* status : {"400", "500", "200"}) {
               all.push_back({.config = Fallback("[429,503]"), .happens = {status}, .attempts = kFirst});
             }
             all.push_back({.config = Fallback("[200]"), .attempts = kBoth});
             return all;
           }()},
      {.group = group,
       .what = "all targets fail",
       .portkey = "the last one's answer, as it is",
       .calls = {{.headers = Config(R"({"strategy":{"mode":"fallback"},"targets":[)" + AtUpstream() + "," +
                                    AtUpstream() + "]}"),
                  .answers = {test::RespondJson(
                                  500, R"({"error":{"message":"first","type":"t","param":null,"code":"a"}})"),
                              test::RespondJson(
                                  418, R"({"error":{"message":"last","type":"t","param":null,"code":"b"}})")},
                  .calls = 2,
                  .status = 418,
                  .text = R"({"error":{"message":"last","type":"t","param":null,"code":"b"}})",
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}}},
      {.group = group,
       .what = "a provider's 408",
       .portkey = "the next target, but no retry",
       .routes = {{.config = R"({"strategy":{"mode":"fallback"},"retry":{"attempts":3},)" + std::string(kTwo),
                   .happens = {"408", "200"},
                   .attempts = kBoth}}},
      {.group = group,
       .what = "the connection to a target fails, and `on_status_codes` lists some of 500, 502, 503, 504",
       .portkey = "counts as 500",
       .verdict = Verdict::kFixed,
       .portolan = "counts as any of them",
       .routes =
           [&] {
             std::vector<Route> all;
             for (const char* list : {"[500]", "[502]", "[503]", "[504]"}) {
               all.push_back({.config = Fallback(list), .happens = {"502!"}, .attempts = kBoth});
             }
             all.push_back({.config = Fallback("[429]"), .happens = {"502!"}, .attempts = kFirst});
             return all;
           }(),
       .calls = {{.headers =
                      Config(ToUpstream(R"({"provider":"openai","api_key":"k","custom_host":"REFUSED"})",
                                        R"(,"on_status_codes":[503])")),
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}}},
      {.group = group,
       .what = "529, Anthropic's word for overload, and `on_status_codes` lists 503",
       .portkey = "no fallback",
       .verdict = Verdict::kFixed,
       .portolan = "counts as 503 too",
       .routes = routes(Fallback("[503]"), {"529"}, kBoth)},
      {.group = group,
       .what = "a target whose provider does not have the operation",
       .portkey = "ends the call with 500",
       .verdict = Verdict::kFixed,
       .portolan = "the next target, whatever `on_status_codes` says",
       .routes = routes(Fallback("[429]"), {"400 unsupported"}, kBoth),
       .calls = {{.path = "/v1/embeddings",
                  .headers = Config(ToUpstream(R"({"provider":"anthropic","api_key":"k"})")),
                  .body = R"({"model":"m","input":"hi"})",
                  .answers = {GoodEmbedding()},
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}}},
      {.group = group,
       .what = "a target for which there is no key",
       .portkey =
           "the next target: the provider is called without one, and its 401 is a failure like any other",
       .routes = routes(Fallback(), {"401 local"}, kBoth),
       .calls = {{.headers = Config(ToUpstream(R"({"provider":"openai"})")),
                  .answers = {GoodAnswer()},
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}}},
      {.group = group,
       .what = "an answer that is broken (JSON that is none, half a body)",
       .portkey = "ends the call with 500",
       .verdict = Verdict::kFixed,
       .portolan = "counts as a failed connection, so it is retried and falls back",
       .calls = {{.headers = Config(R"({"strategy":{"mode":"fallback"},"targets":[)" + AtUpstream() + "," +
                                    AtUpstream() + "]}"),
                  .answers = {test::RespondJson(200, R"({"id":)"), GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-last-used-option-index", "config.targets[1]"}}}}},
      streams,
      {.group = group,
       .what = "`targets: []`",
       .portkey = "500",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_config`",
       .refusals = {{R"({"strategy":{"mode":"fallback"},"targets":[]})",
                     "config.targets: a strategy needs at least"}}},
  };
}

std::vector<Case> LoadBalanceCases() {
  const std::string group = "`loadbalance`";
  return {
      {.group = group,
       .what = "`weight`",
       .portkey = "1 if absent; a draw in [0, sum of the weights), which need not be 1 or 100",
       .routes = {{.config = LoadBalance("", ""), .attempts = kFirst, .chance = 0.49},
                  {.config = LoadBalance("", ""), .attempts = "targets[1]", .chance = 0.51},
                  {.config = LoadBalance(R"(,"weight":3)", ""), .attempts = kFirst, .chance = 0.74},
                  {.config = LoadBalance(R"(,"weight":3)", ""), .attempts = "targets[1]", .chance = 0.76},
                  {.config = LoadBalance(R"(,"weight":0)", ""), .attempts = "targets[1]", .chance = 0}}},
      {.group = group,
       .what = "the target drawn fails",
       .portkey = "that is the answer; another is tried only by a `fallback` around or within",
       .routes = {{.config = LoadBalance("", ""), .happens = {"500"}, .attempts = kFirst},
                  {.config = R"({"strategy":{"mode":"fallback"},"targets":[)" + LoadBalance("", "") +
                             R"(,{"provider":"echo"}]})",
                   .happens = {"500"},
                   .attempts = "targets[0].targets[0], targets[1]"}}},
      {.group = group,
       .what = "all weights are 0",
       .portkey = "500",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_config`",
       .refusals = {{LoadBalance(R"(,"weight":0)", R"(,"weight":0)"), "the weights must not all be 0"}}},
      {.group = group,
       .what = "negative weights",
       .portkey = "accepted",
       .verdict = Verdict::kRefused,
       .portolan = "the message names the target",
       .refusals = {{LoadBalance("", R"(,"weight":-1)"), "config.targets[1].weight: "}}},
  };
}

}  // namespace

std::vector<Case> StrategyCases() {
  std::vector<Case> all = {
      {.group = "`single`",
       .what = "several `targets`",
       .portkey = "the first, whatever becomes of it",
       .routes = {{.config = Of(R"("mode":"single")"), .happens = {"500"}, .attempts = kFirst}}},
  };
  for (const auto& cases : {FallbackCases(), LoadBalanceCases()})
    all.insert(all.end(), cases.begin(), cases.end());
  return all;
}

}  // namespace portolan::compatibility
