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

// Whether an option that may be a host or a URL is one; the part of a name has no dots.
bool IsHost(const ProviderOption& option, std::string_view value) {
  return !option.host_endings.empty() && value.find('.') != std::string_view::npos;
}

bool IsListed(std::string_view list, std::string_view value) {
  while (true) {
    const size_t end = std::min(list.find('|'), list.size());
    if (list.substr(0, end) == value) return true;
    if (end == list.size()) return false;
    list.remove_prefix(end + 1);
  }
}

// `https://NAME.openai.azure.com/openai/` becomes `NAME.openai.azure.com`.
std::optional<Error> TakeHost(const ProviderOption& option, std::string_view* value) {
  constexpr std::string_view kScheme = "https://";
  std::string_view rest = *value;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  const std::string_view host = rest.substr(0, rest.find('/'));
  rest.remove_prefix(host.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const providers::UrlPart form = {
      .characters = "A-Za-z0-9.-", .most = 253, .endings = option.host_endings, .rule = option.part.rule};
  if (!IsListed(option.url_paths, rest) || !providers::Fits(form, host)) {
    return Error::InvalidRequest("invalid_option", option.name + ": " + std::string(form.rule), option.name);
  }
  *value = host;
  return std::nullopt;
}

}  // namespace

std::optional<Error> FillInHost(std::string_view operation, Target* target) {
  const providers::Form* const own = target->provider->FindOwn(operation);
  const bool elsewhere = own != nullptr && own->only_at_base_url && target->own_host;
  if (own != nullptr && !elsewhere) providers::LeaveBase(*own, &target->base_url);
  if (target->own_host) return std::nullopt;
  std::string& url = target->base_url;
  for (const providers::ProviderHost& host : target->provider->hosts) {
    if (host.option.empty()) {
      if (host.value == operation) url = host.base_url;
      continue;
    }
    const std::string_view value = ValueOf(OptionOf(*target, host.option), *target);
    if (value == host.value || (host.value == "*" && !value.empty())) url = host.base_url;
  }
  for (size_t begin = url.find('{'); begin != std::string::npos; begin = url.find('{')) {
    const size_t end = url.find('}', begin);
    const ProviderOption& option = OptionOf(*target, url.substr(begin + 1, end - begin - 1));
    std::string_view value = ValueOf(option, *target);
    if (value.empty()) return Missing(*target, option.name);
    size_t length = end - begin + 1;
    if (IsHost(option, value)) {
      if (auto error = TakeHost(option, &value)) return error;
      // In place of what the base URL has before its path.
      length = std::min(url.find('/', end), url.size()) - begin;
    } else if (auto error = Check(option, value)) {
      return error;
    }
    url.replace(begin, length, value);
  }
  return std::nullopt;
}

std::optional<Error> FillInPath(Target* target) {
  for (const ProviderOption& option : target->provider->options) {
    if (!option.in_path) continue;
    if (target->option(option.name).empty()) {
      std::string value = target->provider->auth->OptionFromKey(option.name, *target);
      if (value.empty()) value = option.fallback;
      if (value.empty() && option.optional) continue;
      if (value.empty()) return Missing(*target, option.name);
      target->options.push_back({option.name, std::move(value)});
    }
    if (auto error = Check(option, target->option(option.name))) return error;
  }
  return std::nullopt;
}

}  // namespace portolan::routing
