#pragma once

// The headers by which callers steer the gateway. Each has two spellings, x-portolan-NAME and x-portkey-NAME;
// docs/headers.md lists them all.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::routing {

inline constexpr std::string_view kDefaultInputGuardrails = "default-input-guardrails";
inline constexpr std::string_view kDefaultOutputGuardrails = "default-output-guardrails";

// What the headers of one request say. The views point into the headers.
struct RequestHeaders {
  // The prefix of the gateway's own headers in the answer: the one that the request used, or x-portolan- if
  // it used none or both.
  std::string_view reply_prefix = "x-portolan-";

  std::string_view provider;
  std::string_view config;
  std::string_view custom_host;
  std::string_view request_timeout;
  std::string_view trace_id;
  std::string_view metadata;
  std::string_view explain;
  std::string_view forward_headers;
  std::string_view caller_key;  // x-portolan-api-key, x-portkey-api-key
  bool strict_open_ai_compliance = true;
  bool strict_given = false;

  std::string_view authorization;  // the whole value

  // All other headers with such a prefix, without it (`openai-organization`): options of providers, or
  // unknown.
  std::vector<HeaderView> options;
  // The value of one of them; empty if it is not there.
  std::string_view Option(std::string_view name) const;

  // Guardrails for every target: few calls have any, and so they stand among the options.
  std::string_view default_input_guardrails() const { return Option(kDefaultInputGuardrails); }
  std::string_view default_output_guardrails() const { return Option(kDefaultOutputGuardrails); }
  bool has_default_guardrails() const {
    return !options.empty() && default_input_guardrails().size() + default_output_guardrails().size() > 0;
  }
};

// Takes `x-portolan-` or `x-portkey-` off a lower-case name; false if it has neither.
bool TakeGatewayPrefix(std::string_view* name);

// Fails with 400 conflicting_headers if a header comes in both spellings, or twice, with different values.
std::optional<Error> ReadRequestHeaders(std::span<const HeaderView> headers, RequestHeaders* out);

}  // namespace portolan::routing
