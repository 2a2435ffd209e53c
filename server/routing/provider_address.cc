#include "server/routing/provider_address.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "providers/provider.h"

namespace portolan::routing {
namespace {

using providers::ProviderOption;
using providers::Target;

// REQUIRES: the provider has an option of this name.
const ProviderOption& OptionOf(const Target& target, std::string_view name) {
  const auto& options = target.provider->options;
  return *std::find_if(options.begin(), options.end(),
                       [&](const ProviderOption& option) { return option.name == name; });
}

std::string_view ValueOf(const ProviderOption& option, const Target& target) {
  const std::string_view given = target.option(option.name);
  return given.empty() ? std::string_view(option.fallback) : given;
}

Error Missing(const Target& target, const std::string& name) {
  return Error::InvalidRequest("missing_option", target.provider->name + " needs the option " + name, name);
}

std::optional<Error> Check(const ProviderOption& option, std::string_view value) {
  if (providers::Fits(option.part, value)) return std::nullopt;
  return Error::InvalidRequest("invalid_option", option.name + ": " + std::string(option.part.rule),
                               option.name);
}

}  // namespace

std::optional<Error> FillInHost(Target* target) {
  if (target->own_host) return std::nullopt;
  std::string& url = target->base_url;
  for (const providers::ProviderHost& host : target->provider->hosts) {
    if (ValueOf(OptionOf(*target, host.option), *target) == host.value) url = host.base_url;
  }
  for (size_t begin = url.find('{'); begin != std::string::npos; begin = url.find('{')) {
    const size_t end = url.find('}', begin);
    const ProviderOption& option = OptionOf(*target, url.substr(begin + 1, end - begin - 1));
    const std::string_view value = ValueOf(option, *target);
    if (value.empty()) return Missing(*target, option.name);
    if (auto error = Check(option, value)) return error;
    url.replace(begin, end - begin + 1, value);
  }
  return std::nullopt;
}

std::optional<Error> FillInPath(Target* target) {
  for (const ProviderOption& option : target->provider->options) {
    if (!option.in_path) continue;
    if (target->option(option.name).empty()) {
      std::string value = target->provider->auth->OptionFromKey(option.name, *target);
      if (value.empty()) value = option.fallback;
      if (value.empty()) return Missing(*target, option.name);
      target->options.push_back({option.name, std::move(value)});
    }
    if (auto error = Check(option, target->option(option.name))) return error;
  }
  return std::nullopt;
}

}  // namespace portolan::routing
