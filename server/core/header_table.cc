#include "server/core/header_table.h"

#include <algorithm>
#include <array>

#include "server/base/text.h"

namespace portolan::core {
namespace {

constexpr std::array<std::string_view, 4> kUpstream = {
    "idempotency-key",      // the provider's own de-duplication of a request
    "traceparent",          // W3C Trace Context
    "tracestate",           //
    "x-client-request-id",  // OpenAI: the caller's id in the provider's logs
};

constexpr std::array<std::string_view, 6> kDownstreamPrefixes = {
    "openai-", "anthropic-", "x-ratelimit-", "ratelimit-", "retry-after", "x-should-retry",
};

// RFC 9110; Content-Disposition: RFC 6266. Not Accept-Encoding: errors are to be read here.
constexpr std::array<std::string_view, 9> kRelayedUp = {
    "accept",        "content-encoding", "content-type",        "if-match", "if-modified-since",
    "if-none-match", "if-range",         "if-unmodified-since", "range",
};
constexpr std::array<std::string_view, 9> kRelayedDown = {
    "accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language",
    "content-range", "etag",          "last-modified",       "location",
};

bool Holds(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool RelaysUpstream(std::string_view lower_name) { return Holds(kRelayedUp, lower_name); }

bool RelaysDownstream(std::string_view lower_name) { return Holds(kRelayedDown, lower_name); }

bool PassesUpstream(std::string_view lower_name) {
  return std::find(kUpstream.begin(), kUpstream.end(), lower_name) != kUpstream.end();
}

bool PassesDownstream(std::string_view lower_name) {
  // The first letter tells nearly all of them apart.
  return std::any_of(kDownstreamPrefixes.begin(), kDownstreamPrefixes.end(), [&](std::string_view prefix) {
    return lower_name.starts_with(prefix.front()) && lower_name.starts_with(prefix);
  });
}

bool IsHopByHop(std::span<const HeaderView> headers, std::string_view lower_name) {
  for (const HeaderView& header : headers) {
    if (header.name != "connection") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      if (EqualsIgnoreCase(TakeListItem(&rest), lower_name)) return true;
    }
  }
  return false;
}

bool IsUpstreamRequestId(std::string_view lower_name) {
  return lower_name == "x-request-id" || lower_name == "request-id" || lower_name == "x-amzn-requestid";
}

}  // namespace portolan::core
