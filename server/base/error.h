#pragma once

// The one type for errors of a call, wherever they come from and whichever door they leave by. docs/errors.md
// lists every code.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portolan {

// Who is at fault.
enum class ErrorClass : uint8_t {
  kCaller,    // the request is wrong
  kPolicy,    // the request is right but not allowed
  kProvider,  // the provider refused or failed
  kGateway,   // the gateway, its configuration or its limits
};

std::string_view ToString(ErrorClass error_class);  // `caller`, `policy`, `provider`, `gateway`

// A limit of time, and who set it. Both texts are constants.
struct TimeLimit {
  std::string_view name;   // `x-portolan-request-timeout`, `request_timeout` …; docs/errors.md lists them
  std::string_view owner;  // `caller`, `route` (the operator's), `gateway`
  std::chrono::milliseconds length{0};
};

// What guardrails have found, in the form of each door: the JSON of `hook_results`, and for callers of gRPC a
// portolan.v1.HookResults in wire format.
struct HookResultsText {
  std::string json;
  std::string wire;
};

struct Error {
  ErrorClass error_class = ErrorClass::kGateway;
  int http_status = 500;
  // Stable, in snake_case: `invalid_json`, `upstream_reset`; the provider's own code where it gives one.
  std::string code = {};
  std::string message = {};  // for a person; never holds a secret, a prompt or an answer
  std::string param = {};    // the path in the request, or the header, at fault; empty if none
  std::string type = {};     // OpenAI's word; empty: derived from the status (see OpenAiErrorType)
  bool retryable = false;
  std::optional<std::chrono::milliseconds> retry_after = {};
  // The provider did not send an error of its own but failed to answer properly: refused, reset, no such
  // name, TLS, garbage, cut short.
  bool transport = false;
  std::optional<TimeLimit> limit = {};  // the one that ran out, where that is what went wrong
  int attempts = 0;                     // upstream attempts made for this call
  // How the attempts before the last one ended: `config.targets[0] openai 429 rate_limit_exceeded`; bounded.
  std::vector<std::string> tried = {};
  // What was called, if a caller or the operator named the host: `POST`, and the URL without query and user
  // info, bounded. Empty for a provider's own host.
  std::string upstream_method = {};
  std::string upstream_url = {};
  std::shared_ptr<const HookResultsText> hook_results = {};  // of an error that guardrails have made

  // A 400 of class kCaller.
  static Error InvalidRequest(std::string code, std::string message, std::string param = {});
};

// The `type` of OpenAI's error object for an HTTP status: `invalid_request_error`, `authentication_error`,
// `permission_error`, `not_found_error`, `rate_limit_error`, `timeout_error` or `api_error`.
std::string_view OpenAiErrorType(int http_status);

}  // namespace portolan
