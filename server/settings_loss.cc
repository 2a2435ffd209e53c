#include "server/settings_loss.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "server/base/text.h"
#include "server/config/values.h"

namespace portolan {
namespace {

using config::CallerSettings;
using config::FileSettings;
using config::GuardrailSettings;
using config::ProviderSettings;
using config::RouteSettings;

bool AsksCallers(const Settings& settings) {
  return !settings.options.caller_keys.empty() || !settings.file->callers.empty();
}

bool Same(const CallerSettings& a, const CallerSettings& b) {
  return a.sha256 == b.sha256 && a.routes == b.routes && a.models == b.models && a.hooks == b.hooks &&
         a.middleware == b.middleware;
}

bool Same(const GuardrailSettings& a, const GuardrailSettings& b) { return a.json == b.json; }

bool Same(const ProviderSettings& a, const ProviderSettings& b) {
  return a.base_url == b.base_url && a.dialect == b.dialect && a.stream_usage == b.stream_usage &&
         a.key_header == b.key_header && a.api_key.Reveal() == b.api_key.Reveal();
}

bool Same(const middleware::Settings& a, const middleware::Settings& b) {
  const auto is_same_header = [](const auto& one, const auto& other) {
    return one.first == other.first && one.second.Reveal() == other.second.Reveal();
  };
  const auto plain = [](const middleware::Settings& s) {
    return std::tie(s.name, s.grpc, s.webhook, s.built_in, s.tls, s.hooks, s.timeout, s.pass_on_error,
                    s.async, s.read_only, s.headers, s.max_body);
  };
  return plain(a) == plain(b) && std::ranges::equal(a.secret_headers, b.secret_headers, is_same_header);
}

bool Same(const RouteSettings& a, const RouteSettings& b) {
  return a.config.SerializeAsString() == b.config.SerializeAsString();
}

// The first entry that is not what it was, or that was not there.
template <typename Entry>
const Entry* FindChanged(const std::vector<Entry>& before, const std::vector<Entry>& now) {
  for (const Entry& entry : now) {
    const auto was = std::find_if(before.begin(), before.end(),
                                  [&](const Entry& other) { return other.name == entry.name; });
    if (was == before.end() || !Same(*was, entry)) return &entry;
  }
  return nullptr;
}

// Whether the middleware are what they were. Both are in the order of their names.
bool Same(const middleware::SettingsList& before, const middleware::SettingsList& now) {
  return std::ranges::equal(before, now, [](const auto& a, const auto& b) { return Same(*a, *b); });
}

// What a file was cut within, if it looks like that.
std::string CutWithin(const FileSettings& before, const FileSettings& now) {
  const std::string_view whole = before.text;
  if (now.text.size() >= whole.size() || !whole.starts_with(now.text)) return {};
  if (TrimSpace(whole.substr(now.text.size())).empty()) return {};
  const char next = whole[now.text.size()];
  if (!now.text.ends_with('\n') && next != '\n' && next != '\r') return "a line";
  if (const auto* caller = FindChanged(before.callers, now.callers)) return "the caller " + caller->name;
  if (const auto* provider = FindChanged(before.providers, now.providers))
    return "the provider " + provider->name;
  if (const auto* route = FindChanged(before.routes, now.routes)) return "the route " + route->name;
  if (const auto* guardrail = FindChanged(before.guardrails, now.guardrails))
    return "the guardrail " + guardrail->name;
  // Without them more would pass than should.
  if (before.default_hooks != now.default_hooks) return "the default guardrails";
  if (!Same(before.middleware, now.middleware)) return "the middleware";
  if (before.default_middleware != now.default_middleware) return "the default middleware";
  return {};
}

}  // namespace

std::string LossOf(const Settings& in_use, const Settings& now) {
  if (now.file->says_nothing)
    return in_use.file->says_nothing ? "" : "the file is empty, and the one in use is not";
  if (const std::string within = CutWithin(*in_use.file, *now.file); !within.empty()) {
    return "the file is the beginning of the one in use and ends within " + within +
           ", so it was cut short; if it is meant so, add an empty line";
  }
  if (AsksCallers(in_use) && !AsksCallers(now) && !now.keys_may_go) {
    return "the file takes away every caller key, and calls without one would be served; if that is meant, "
           "start the gateway with --allow-unauthenticated";
  }
  return {};
}

}  // namespace portolan
