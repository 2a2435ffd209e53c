// Retries and time limits.

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

std::string Retry(const std::string& members) { return R"({"provider":"echo","retry":{)" + members + "}}"; }

std::vector<Case> AttemptCases(const std::string& group) {
  return {
      {.group = group,
       .what = "`attempts`",
       .portkey = "so many besides the first; 0 if absent",
       .routes = {{.config = Retry(R"("attempts":2)"),
                   .happens = {"500"},
                   .attempts = "config, config after 500, config after 1000",
                   .retry_count = -1},
                  {.config = R"({"provider":"echo"})", .happens = {"500"}},
                  {.config = Retry(R"("attempts":0)"), .happens = {"502!"}}}},
      {.group = group,
       .what = "more than 5 `attempts`",
       .portkey = "accepted, though its README says 5",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_config`",
       .routes = {{.config = Retry(R"("attempts":5,"base_ms":0)"),
                   .happens = {"500"},
                   .attempts = "config, config, config, config, config, config",
                   .retry_count = -1}},
       .refusals = {{Retry(R"("attempts":6)"), "config.retry.attempts: must be between 0 and 5"},
                    {Retry(R"("attempts":-1)"), "config.retry.attempts: must be between 0 and 5"}}},
      {.group = group,
       .what = "`count`, as the README of Portkey calls `attempts`",
       .portkey = "refused, for `attempts` is missing",
       .verdict = Verdict::kFixed,
       .portolan = "the same as `attempts`",
       .routes = {{.config = Retry(R"("count":1)"),
                   .happens = {"500"},
                   .attempts = "config, config after 500",
                   .retry_count = -1}}},
      {.group = group,
       .what = "no `on_status_codes`",
       .portkey = "429, 500, 502, 503 and 504 are retried",
       .routes =
           [] {
             std::vector<Route> all;
             for (const char* status : {"429", "500", "502", "503", "504"}) {
               all.push_back({.config = Retry(R"("attempts":1)"),
                              .happens = {status, "200"},
                              .attempts = "config, config after 500",
                              .retry_count = 1});
             }
             for (const char* status : {"200", "400", "401", "408", "501"}) {
               all.push_back({.config = Retry(R"("attempts":1)"), .happens = {status}});
             }
             return all;
           }()},
      {.group = group,
       .what = "`on_status_codes`",
       .portkey = "these and no others; any other status ends it",
       .routes = {{.config = Retry(R"("attempts":3,"on_status_codes":[418])"),
                   .happens = {"418", "500"},
                   .attempts = "config, config after 500",
                   .retry_count = 1}}},
      {.group = group,
       .what = "a connection that fails",
       .portkey = "is retried, whatever `on_status_codes` says",
       .routes = {{.config = Retry(R"("attempts":1,"on_status_codes":[429])"),
                   .happens = {"502!", "200"},
                   .attempts = "config, config after 500",
                   .retry_count = 1}}},
      {.group = group,
       .what = "529, Anthropic's word for overload",
       .portkey = "is retried only if it is listed",
       .verdict = Verdict::kFixed,
       .portolan = "counts as 503 too",
       .routes = {{.config = Retry(R"("attempts":1)"),
                   .happens = {"529", "200"},
                   .attempts = "config, config after 500",
                   .retry_count = 1}}},
      {.group = group,
       .what = "the last attempt fails as well",
       .portkey = "its answer as it is; `x-portkey-retry-attempt-count` is -1",
       .calls = {{.headers = Config(AtUpstream(R"(,"retry":{"attempts":1,"base_ms":0})")),
                  .answers = {test::RespondJson(500, "{}"),
                              test::RespondJson(503, R"({"error":{"message":"busy","type":"t"}})")},
                  .calls = 2,
                  .status = 503,
                  .text = R"({"error":{"message":"busy","type":"t"}})",
                  .answer_headers = {{"x-portkey-retry-attempt-count", "-1"}}},
                 {.headers = Config(AtUpstream(R"(,"retry":{"attempts":3,"base_ms":0})")),
                  .answers = {test::RespondJson(500, "{}"), GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-retry-attempt-count", "1"}}}}},
  };
}

std::vector<Case> WaitCases(const std::string& group) {
  const std::string asks = R"("use_retry_after_header":true)";
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  return {
      {.group = group,
       .what = "the wait before a retry",
       .portkey = "1, 2, 4, 8, 16 … seconds",
       .verdict = Verdict::kFixed,
       .portolan = "the same, but cut by chance to between half of it and all, never more than 16 s; "
                   "`retry.base_ms` (1000) and `retry.cap_ms` (16000) change that",
       .routes = {{.config = Retry(R"("attempts":5)"),
                   .happens = {"500"},
                   .attempts =
                       "config, config after 500, config after 1000, config after 2000, config after 4000, "
                       "config after 8000",
                   .retry_count = -1},
                  {.config = Retry(R"("attempts":3,"base_ms":100,"cap_ms":200)"),
                   .happens = {"500"},
                   .attempts = "config, config after 75, config after 150, config after 150",
                   .retry_count = -1,
                   .chance = 0.5}}},
      {.group = group,
       .what = "`use_retry_after_header` and a 429",
       .portkey =
           "waits exactly as long as `retry-after-ms`, `x-ms-retry-after-ms` or `retry-after` in seconds say "
           "(installed by npm: fails)",
       .routes = {{.config = Retry(R"("attempts":1,)" + asks),
                   .happens = {"429 after 7000", "200"},
                   .attempts = "config, config after 7000",
                   .retry_count = 1},
                  {.config = Retry(R"("attempts":1)"),
                   .happens = {"429 after 7000", "200"},
                   .attempts = "config, config after 500",
                   .retry_count = 1}},
       .calls = {{.headers = Config(
                      AtUpstream(R"(,"retry":{"attempts":1,"base_ms":600000,"cap_ms":600000,)" + asks + "}")),
                  .answers = {test::Respond(429, "{}",
                                            {{"content-type", "application/json"}, {"retry-after-ms", "1"}}),
                              GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-retry-attempt-count", "1"}}},
                 {.headers = Config(
                      AtUpstream(R"(,"retry":{"attempts":1,"base_ms":600000,"cap_ms":600000,)" + asks + "}")),
                  .answers = {test::Respond(429, "{}",
                                            {{"content-type", "application/json"}, {"retry-after", "0"}}),
                              GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-retry-attempt-count", "1"}}}}},
      {.group = group,
       .what = "`use_retry_after_header` and a 503",
       .portkey = "waits as ever",
       .verdict = Verdict::kFixed,
       .portolan = "waits as long as it says",
       .routes = {{.config = Retry(R"("attempts":1,)" + asks),
                   .happens = {"503 after 7000", "200"},
                   .attempts = "config, config after 7000",
                   .retry_count = 1}}},
      {.group = group,
       .what = "`use_retry_after_header` and a 429 that says only when a rate limit is reset",
       .portkey = "waits as ever",
       .verdict = Verdict::kFixed,
       .portolan = "waits until the limits that are used up are reset (`x-ratelimit-reset-*`, "
                   "`anthropic-ratelimit-*-reset`)",
       .calls = {{.headers = Config(
                      AtUpstream(R"(,"retry":{"attempts":1,"base_ms":600000,"cap_ms":600000,)" + asks + "}")),
                  .answers = {test::Respond(429, "{}",
                                            {{"content-type", "application/json"},
                                             {"x-ratelimit-remaining-requests", "0"},
                                             {"x-ratelimit-reset-requests", "20ms"}}),
                              GoodAnswer()},
                  .calls = 2,
                  .answer_headers = {{"x-portkey-retry-attempt-count", "1"}}}}},
      {.group = group,
       .what = "a `retry-after` that is an HTTP date",
       .portkey = "ignored",
       .verdict = Verdict::kFixed,
       .portolan = "counts from the answer's own `date`, in all three forms of RFC 9110",
       .calls = {{.headers = Config(AtUpstream()),
                  .answers = {test::Respond(429, "{}",
                                            {{"content-type", "application/json"},
                                             {"date", date},
                                             {"retry-after", "Sunday, 06-Nov-94 08:49:47 GMT"}})},
                  .status = 429,
                  .says = {{"/error/portolan/retry_after_ms", "10000"}}}}},
      {.group = group,
       .what = "the provider asks for 60 seconds or more, at once or in all",
       .portkey = "gives up; the count is -1",
       .routes = {{.config = Retry(R"("attempts":3,)" + asks),
                   .happens = {"429 after 60000"},
                   .retry_count = -1},
                  {.config = Retry(R"("attempts":3,)" + asks),
                   .happens = {"429 after 40000"},
                   .attempts = "config, config after 40000",
                   .retry_count = -1}}},
  };
}

std::vector<Case> TimeCases(const std::string& group) {
  const test::Script half =
      test::Script()
          .Send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"id\":")
          .Stall();
  const test::Script silence = test::Script().Stall();
  return {
      {.group = group,
       .what = "`request_timeout` of a config",
       .portkey = "408 if an attempt has no answer by then; each retry has all of it anew",
       .calls =
           {{.headers = Config(AtUpstream(R"(,"request_timeout":1000)")),
             .answers = {silence},
             .status = 408,
             .says = {{"/error/code", R"("request_timeout")"}}},
            {.headers = Config(AtUpstream(
                 R"(,"request_timeout":1000,"retry":{"attempts":1,"on_status_codes":[408],"base_ms":0})")),
             .answers = {silence, GoodAnswer()},
             .calls = 2}}},
      {.group = group,
       .what = "`request_timeout`, and the headers of the answer are there",
       .portkey = "no limit any more",
       .verdict = Verdict::kFixed,
       .portolan = "covers the body too; of a stream, up to its first content",
       .calls = {{.headers = Config(AtUpstream(R"(,"request_timeout":1000)")),
                  .answers = {half},
                  .status = 408}}},
      {.group = group,
       .what = "the header `x-portkey-request-timeout`",
       .portkey = "replaces every `request_timeout`, for each attempt",
       .verdict = Verdict::kFixed,
       .portolan = "the budget of the whole call, all attempts and waits and the answer's body included",
       .calls = {{.headers = {{"x-portkey-config",
                               AtUpstream(R"(,"retry":{"attempts":5,"on_status_codes":[408]})")},
                              {"x-portkey-request-timeout", "1000"}},
                  .answers = {silence},
                  .status = 408}}},
  };
}

}  // namespace

std::vector<Case> RetryCases() {
  std::vector<Case> all;
  for (const auto& cases :
       {AttemptCases("`retry`"), WaitCases("Waits between attempts"), TimeCases("Time limits")}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace portolan::compatibility
