// What callers are told when something is wrong.

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

const test::Headers kDirect = {
    {"x-portkey-provider", "openai"}, {"x-portkey-custom-host", "UPSTREAM"}, {"authorization", "Bearer k"}};

// A call that is refused before anybody is called.
Call Refused(const test::Headers& headers, int status, const std::string& code,
             const std::string& body = {}) {
  Call call{.headers = headers, .calls = 0, .status = status};
  if (!body.empty()) call.body = body;
  call.says = {{"/error/code", "\"" + code + "\""}, {"/error/type", R"("invalid_request_error")"}};
  return call;
}

std::vector<Case> RequestErrors(const std::string& group) {
  test::Headers text = kDirect;
  text.emplace_back("content-type", "text/plain");
  Call embedding = Refused({{"x-portkey-provider", "anthropic"}, {"authorization", "Bearer k"}}, 400,
                           "unsupported_operation", R"({"model":"m","input":"hi"})");
  embedding.path = "/v1/embeddings";
  return {
      {.group = group,
       .what = "the shape of the gateway's own errors",
       .portkey = R"(`{"status":"failure","message":…}`)",
       .verdict = Verdict::kFixed,
       .portolan = R"(OpenAI's: `{"error":{"message","type","param","code"}}`, and `error.portolan` )"
                   "([errors](errors.md))",
       .calls = {{.headers = {{"x-portkey-provider", "nobody"}},
                  .calls = 0,
                  .status = 400,
                  .says = {{"/error/type", R"("invalid_request_error")"},
                           {"/error/code", R"("unknown_provider")"},
                           {"/error/param", R"("x-portolan-provider")"},
                           {"/error/portolan/class", R"("caller")"},
                           {"/error/portolan/attempts", "0"},
                           {"/error/portolan/retryable", "false"}}}}},
      {.group = group,
       .what = "a `content-type` that is not JSON",
       .portkey = "400 `Invalid content type passed`",
       .calls = {Refused(text, 400, "unsupported_media_type")}},
      {.group = group,
       .what = "a provider that there is not",
       .portkey = "400 `Invalid provider passed`",
       .portolan = "`unknown_provider`, and in a config `invalid_config`; the message names the nearest one",
       .calls = {Refused({{"x-portkey-provider", "nobody"}}, 400, "unknown_provider"),
                 Refused(Config(R"({"provider":"nobody","api_key":"k"})"), 400, "invalid_config")}},
      {.group = group,
       .what = "a custom host that is none",
       .portkey = "400 `Invalid custom host`",
       .portolan = "`invalid_custom_host`",
       .calls = {Refused({{"x-portkey-provider", "openai"},
                          {"x-portkey-custom-host", "file:///etc/passwd"},
                          {"authorization", "Bearer k"}},
                         400, "invalid_custom_host")}},
      {.group = group,
       .what = "a config that is no JSON",
       .portkey = "400 `Invalid config passed. You need to pass a valid json`",
       .portolan =
           "`invalid_config`, and for the id of a saved config or `[object Object]` what to send instead",
       .calls = {Refused(Config("pc-my-config-1"), 400, "invalid_config"),
                 Refused(Config("[object Object]"), 400, "invalid_config")}},
      {.group = group,
       .what = "a config that is wrong",
       .portkey = "400 `Invalid config passed`, with `errors`",
       .portolan = "`invalid_config`, with the path in the message",
       .calls = {Refused(Config(R"({"provider":5})"), 400, "invalid_config")}},
      {.group = group,
       .what = "`forward_headers` names the gateway's own headers",
       .portkey = "400",
       .portolan = "`invalid_config`; the same for credentials and what frames a message",
       .calls =
           {Refused(
                Config(
                    R"({"provider":"openai","api_key":"k","forward_headers":["x-portkey-forward-headers"]})"),
                400, "invalid_config"),
            Refused(Config(R"({"provider":"openai","api_key":"k","forward_headers":["authorization"]})"), 400,
                    "invalid_config")}},
      {.group = group,
       .what = "a body that is no JSON",
       .portkey = "500 `Something went wrong`",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_json`",
       .calls = {Refused(kDirect, 400, "invalid_json", R"({"model":)")}},
      {.group = group,
       .what = "an operation that the provider does not have",
       .portkey = "500 `… is not supported by …`",
       .verdict = Verdict::kFixed,
       .portolan = "400 `unsupported_operation`",
       .calls = {embedding}},
      {.group = group,
       .what = "no `model`",
       .portkey = "goes out with a default model, that of whichever provider was loaded last",
       .verdict = Verdict::kFixed,
       .portolan = "goes out as it is, and the provider says what it thinks of that",
       .calls = {{.headers = kDirect,
                  .body = R"({"messages":[{"role":"user","content":"hi"}]})",
                  .answers = {test::RespondJson(400, R"({"error":{"message":"no model","type":"t"}})")},
                  .status = 400,
                  .text = R"({"error":{"message":"no model","type":"t"}})",
                  .upstream_text = R"({"messages":[{"role":"user","content":"hi"}]})"}}},
      {.group = group,
       .what = "a path that there is not",
       .portkey = "404",
       .portolan = "`route_not_found`",
       .calls = {{.path = "/v2/nothing",
                  .headers = kDirect,
                  .calls = 0,
                  .status = 404,
                  .says = {{"/error/code", R"("route_not_found")"}}}}},
  };
}

std::vector<Case> ProviderErrors(const std::string& group) {
  const std::string error =
      R"({"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"x"}})";
  return {
      {.group = group,
       .what = "an error in OpenAI's shape",
       .portkey = "status kept; body made anew, with `openai error: ` before the message",
       .verdict = Verdict::kFixed,
       .portolan = "status kept; body untouched",
       .calls =
           {{.headers = kDirect, .answers = {test::RespondJson(400, error)}, .status = 400, .text = error}}},
      {.group = group,
       .what = "an error in another shape",
       .portkey = "status kept; in OpenAI's shape",
       .portolan = "the provider's message and code are kept",
       .calls = {{.headers = Config(R"({"provider":"anthropic","api_key":"k","custom_host":"UPSTREAM",)"
                                    R"("override_params":{"max_tokens":9}})"),
                  .answers = {test::RespondJson(
                      529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})")},
                  .status = 529,
                  .says = {{"/error/message", R"("Overloaded")"},
                           {"/error/code", R"("overloaded_error")"}}}}},
      {.group = group,
       .what = "an error that is a web page or plain text",
       .portkey = "status kept; the text in `html-message`",
       .verdict = Verdict::kFixed,
       .portolan = "status kept; in OpenAI's shape, plain text as the message",
       .calls = {{.headers = kDirect,
                  .answers = {test::Respond(503, "<h1>Down</h1>", {{"content-type", "text/html"}})},
                  .status = 503,
                  .says = {{"/error/code", R"("upstream_status_503")"}}},
                 {.headers = kDirect,
                  .answers = {test::Respond(503, "down for an hour", {{"content-type", "text/plain"}})},
                  .status = 503,
                  .says = {{"/error/message", R"("down for an hour")"}}}}},
      {.group = group,
       .what = "200 with something that is no answer",
       .portkey = "200 with an error in the body, or 500",
       .verdict = Verdict::kFixed,
       .portolan = "502",
       .calls = {{.headers = kDirect,
                  .answers = {test::RespondJson(200, "[1]")},
                  .status = 502,
                  .says = {{"/error/code", R"("upstream_invalid_answer")"}}},
                 {.headers = kDirect,
                  .answers = {test::RespondJson(200, R"({"error":{"message":"no","type":"server_error"}})")},
                  .status = 502}}},
      {.group = group,
       .what = "a good status that is not 200 (201, 206)",
       .portkey = "passed on; from 205 up the body is damaged if it is no text",
       .verdict = Verdict::kFixed,
       .portolan = "passed on as it is",
       .calls = {{.headers = kDirect,
                  .answers = {test::RespondJson(206, R"({"id":"c","choices":[],"x":"\u00e9\u00ff"})")},
                  .status = 206,
                  .text = R"({"id":"c","choices":[],"x":"\u00e9\u00ff"})"}}},
      {.group = group,
       .what = "no connection: refused, reset, no such name, TLS",
       .portkey = "500, the cause as text",
       .verdict = Verdict::kFixed,
       .portolan = "502, with a code for each cause",
       .calls = {{.headers = Config(R"({"provider":"openai","api_key":"k","custom_host":"REFUSED"})"),
                  .calls = 0,
                  .status = 502,
                  .says = {{"/error/code", R"("upstream_connection_refused")"}}},
                 {.headers = kDirect,
                  .answers = {test::Script().Reset()},
                  .status = 502,
                  .says = {{"/error/code", R"("upstream_reset")"}}}}},
      {.group = group,
       .what = "the request's time is over",
       .portkey = "408",
       .portolan = "`request_timeout`",
       .calls = {{.headers =
                      [] {
                        test::Headers headers = kDirect;
                        headers.emplace_back("x-portkey-request-timeout", "1000");
                        return headers;
                      }(),
                  .answers = {test::Script().Stall()},
                  .status = 408,
                  .says = {{"/error/code", R"("request_timeout")"}}}}},
      {.group = group,
       .what = "a stream that breaks off",
       .portkey = "ends as if it were complete",
       .verdict = Verdict::kFixed,
       .portolan = "ends in `data: {\"error\": …}`, without `[DONE]`",
       .calls =
           {{.headers = kDirect,
             .body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})",
             .answers =
                 {test::Script()
                      .Send(
                          "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n"
                          "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\n")
                      .Close()},
             .ends_in_error = true}}},
  };
}

}  // namespace

std::vector<Case> ErrorCases() {
  std::vector<Case> all;
  for (const auto& cases : {RequestErrors("Errors: the request"), ProviderErrors("Errors: the provider")}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace portolan::compatibility
