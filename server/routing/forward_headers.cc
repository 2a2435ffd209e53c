#include "server/routing/forward_headers.h"

#include <algorithm>
#include <array>
#include <span>

namespace portolan::routing {
namespace {

// What frames the message, or says what the gateway decodes.
constexpr std::array<std::string_view, 13> kFraming = {
    "accept-encoding", "connection", "content-encoding", "content-length",   "content-type",
    "expect",          "host",       "keep-alive",       "proxy-connection", "te",
    "trailer",         "upgrade",    "transfer-encoding"};

// Of any dialect: a key for one provider must not reach another because somebody has listed its header.
constexpr std::array<std::string_view, 10> kCredentials = {
    "api-key",                    // Azure OpenAI
    "authorization",              //
    "cookie",                     //
    "ocp-apim-subscription-key",  // Azure
    "proxy-authorization",        //
    "set-cookie",                 //
    "x-amz-security-token",       // AWS
    "x-api-key",                  // Anthropic
    "x-goog-api-key",             // Google
    "xi-api-key",                 // ElevenLabs
};

bool Holds(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool MayForward(std::string_view name) {
  return !name.empty() && !name.starts_with("x-portkey-") && !name.starts_with("x-portolan-") &&
         !Holds(kFraming, name) && !Holds(kCredentials, name);
}

std::vector<std::string> ForwardList(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string name(Trim(list.substr(0, comma)));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (!name.empty()) names.push_back(std::move(name));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

}  // namespace portolan::routing
