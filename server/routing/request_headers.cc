#include "server/routing/request_headers.h"

#include <algorithm>
#include <string>

namespace portolan::routing {
namespace {

constexpr std::string_view kOurPrefix = "x-portolan-";
constexpr std::string_view kPortkeyPrefix = "x-portkey-";

Error Conflict(std::string_view name) {
  const std::string text(name);
  return Error::InvalidRequest("conflicting_headers",
                               "x-portolan-" + text + " and x-portkey-" + text +
                                   " name one setting and came with different values; send one of them",
                               "x-portolan-" + text);
}

std::string_view* KnownField(std::string_view name, RequestHeaders* out) {
  if (name == "provider") return &out->provider;
  if (name == "config") return &out->config;
  if (name == "custom-host") return &out->custom_host;
  if (name == "request-timeout") return &out->request_timeout;
  if (name == "trace-id") return &out->trace_id;
  if (name == "metadata") return &out->metadata;
  if (name == "explain") return &out->explain;
  if (name == "forward-headers") return &out->forward_headers;
  if (name == "api-key") return &out->caller_key;
  return nullptr;
}

std::optional<Error> TakeGatewayHeader(std::string_view name, std::string_view value, RequestHeaders* out) {
  if (name == "strict-open-ai-compliance") {
    const bool strict = value != "false";
    if (out->strict_given && out->strict_open_ai_compliance != strict) return Conflict(name);
    out->strict_given = true;
    out->strict_open_ai_compliance = strict;
    return std::nullopt;
  }
  if (std::string_view* field = KnownField(name, out)) {
    if (!field->empty() && *field != value) return Conflict(name);
    *field = value;
    return std::nullopt;
  }
  for (const HeaderView& option : out->options) {
    if (option.name != name) continue;
    if (option.value != value) return Conflict(name);
    return std::nullopt;
  }
  out->options.push_back({name, value});
  return std::nullopt;
}

}  // namespace

std::string_view RequestHeaders::Option(std::string_view name) const {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const HeaderView& option) { return option.name == name; });
  return found == options.end() ? std::string_view() : found->value;
}

bool TakeGatewayPrefix(std::string_view* name) {
  for (const std::string_view prefix : {kOurPrefix, kPortkeyPrefix}) {
    if (!name->starts_with(prefix)) continue;
    name->remove_prefix(prefix.size());
    return true;
  }
  return false;
}

std::optional<Error> ReadRequestHeaders(std::span<const HeaderView> headers, RequestHeaders* out) {
  bool ours = false;
  bool portkeys = false;
  for (const HeaderView& header : headers) {
    std::string_view name = header.name;
    if (name.starts_with(kOurPrefix)) {
      ours = true;
      name.remove_prefix(kOurPrefix.size());
    } else if (name.starts_with(kPortkeyPrefix)) {
      portkeys = true;
      name.remove_prefix(kPortkeyPrefix.size());
    } else {
      if (name == "authorization") out->authorization = header.value;
      continue;
    }
    if (auto error = TakeGatewayHeader(name, header.value, out)) return error;
  }
  if (portkeys && !ours) out->reply_prefix = kPortkeyPrefix;
  return std::nullopt;
}

}  // namespace portolan::routing
