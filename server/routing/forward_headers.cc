#include "server/routing/forward_headers.h"

#include <algorithm>
#include <array>

namespace portolan::routing {
namespace {

constexpr std::array<std::string_view, 16> kNever = {
    "accept-encoding", "authorization",       "connection",       "content-encoding",
    "content-length",  "content-type",        "expect",           "host",
    "keep-alive",      "proxy-authorization", "proxy-connection", "te",
    "trailer",         "transfer-encoding",   "upgrade",          "x-api-key"};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool MayForward(std::string_view name) {
  return !name.empty() && !name.starts_with("x-portkey-") && !name.starts_with("x-portolan-") &&
         std::find(kNever.begin(), kNever.end(), name) == kNever.end();
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
