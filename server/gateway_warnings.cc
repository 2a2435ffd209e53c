// Warnings at the start about settings that were most likely meant otherwise.

#include "providers/catalog.h"
#include "server/config/strays.h"
#include "server/gateway_parts.h"
#include "server/net/descriptors.h"

namespace portolan {
namespace {

constexpr std::string_view kQuoted =
    "a key begins and ends with a quote character, which is taken for a part of it";

}  // namespace

void Gateway::Parts::TellOfStrayVariables(const Settings& settings,
                                          const config::Environment& environment) const {
  std::vector<std::string_view> others;
  for (const providers::Provider& provider : catalog.providers) {
    for (std::string_view names : provider.key_variables) {
      while (!names.empty()) {
        const size_t end = std::min(names.find(':'), names.size());
        std::string_view name = names.substr(0, end);
        if (name.ends_with('?') || name.ends_with('@')) name.remove_suffix(1);
        others.push_back(name);
        names.remove_prefix(std::min(end + 1, names.size()));
      }
    }
    for (const providers::ProviderOption& option : provider.options) {
      if (!option.variable.empty()) others.push_back(option.variable);
    }
  }
  if (settings.file) {
    others.insert(others.end(), settings.file->variables.begin(), settings.file->variables.end());
  }
  for (const config::StrayVariable& stray : config::StrayVariables(settings.variables, others, environment)) {
    logger->Warn("a variable means nothing to the gateway",
                 {{"variable", stray.name}, {"did_you_mean", stray.nearest}});
  }
}

void Gateway::Parts::RaiseDescriptors() const {
  const std::optional<uint64_t> limit = net::RaiseDescriptorLimit();
  if (!limit || *limit >= net::kFewDescriptors) return;
  logger->Warn("few descriptors: a call takes two, and when there are none left nobody is let in",
               {{"descriptors", *limit}, {"advised", net::kFewDescriptors}});
}

void Gateway::Parts::TellOfQuotedKeys(const config::Environment& environment) const {
  for (const char* const variable : {"PORTOLAN_CALLER_KEYS", "PORTOLAN_ADMIN_KEY"}) {
    if (config::HoldsQuotedKey(environment, variable)) logger->Warn(kQuoted, {{"variable", variable}});
  }
  for (const auto& [provider, held] : environment_keys) {
    if (config::IsInQuotes(held.key.Reveal())) logger->Warn(kQuoted, {{"variable", held.variable}});
  }
}

void Gateway::Parts::TellOfQuotedKeys(const config::FileSettings& file) const {
  for (const std::string& reference : file.keys_in_quotes) {
    logger->Warn(kQuoted, {{"file", file.path}, {"reference", reference}});
  }
}

}  // namespace portolan
