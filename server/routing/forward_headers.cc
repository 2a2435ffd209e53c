#include "server/routing/forward_headers.h"

#include <algorithm>
#include <array>
#include <span>

#include "server/base/text.h"

namespace portolan::routing {
namespace {

// What frames the message, or says what the gateway decodes.
constexpr std::array<std::string_view, 13> kFraming = {
    "accept-encoding", "connection", "content-encoding", "content-length",   "content-type",
    "expect",          "host",       "keep-alive",       "proxy-connection", "te",
    "trailer",         "upgrade",    "transfer-encoding"};

// Of any dialect: a key for one provider must not reach another because somebody has listed its header.
constexpr std::array<std::string_view, 12> kCredentials = {
    "api-key",                    // Azure OpenAI
    "api-subscription-key",       // Sarvam
    "authorization",              //
    "cookie",                     //
    "modal-key",                  // Modal
    "modal-secret",               //
    "ocp-apim-subscription-key",  // Azure
    "proxy-authorization",        //
    "set-cookie",                 //
    "x-api-key",                  // Anthropic
    "x-goog-api-key",             // Google
    "xi-api-key",                 // ElevenLabs
};

// Written into every request, or with values of a form of their own, or what passes from callers in any case
// (core/header_table.h).
constexpr std::array<std::string_view, 16> kWritten = {"accept",
                                                       "authorization",
                                                       "cookie",
                                                       "if-match",
                                                       "if-modified-since",
                                                       "if-none-match",
                                                       "if-range",
                                                       "if-unmodified-since",
                                                       "idempotency-key",
                                                       "range",
                                                       "proxy-authorization",
                                                       "set-cookie",
                                                       "traceparent",
                                                       "tracestate",
                                                       "user-agent",
                                                       "x-client-request-id"};

bool Holds(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsTheGateways(std::string_view name) {
  return name.starts_with("x-portkey-") || name.starts_with("x-portolan-");
}

}  // namespace

bool MayForward(std::string_view name) {
  // `x-amz-…` is what AWS signs by: its tokens, dates and hashes.
  return !name.empty() && !IsTheGateways(name) && !name.starts_with("x-amz-") && !Holds(kFraming, name) &&
         !Holds(kCredentials, name);
}

bool MayHoldKey(std::string_view name) {
  return !name.empty() && !IsTheGateways(name) && !Holds(kFraming, name) && !Holds(kWritten, name);
}

std::vector<std::string> ForwardList(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string_view item : SplitList(list)) names.push_back(LowerCase(item));
  return names;
}

}  // namespace portolan::routing
