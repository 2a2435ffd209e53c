#include "providers/registry.h"

#include <utility>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/openai/openai.h"
#include "providers/rows.h"

namespace portolan::providers {

std::span<const Dialect* const> BuiltInDialects() {
  static const Dialect* const kDialects[] = {&OpenAiDialect(), &AnthropicDialect(), &GoogleDialect()};
  return kDialects;
}

std::unique_ptr<Registry> Registry::BuiltIn() {
  auto registry = std::make_unique<Registry>();
  for (Provider& row : BuiltInRows()) registry->Add(std::move(row));
  return registry;
}

void Registry::Add(Provider provider) {
  auto added = std::make_unique<const Provider>(std::move(provider));
  for (std::unique_ptr<const Provider>& present : providers_) {
    if (present->name != added->name) continue;
    present = std::move(added);
    return;
  }
  providers_.push_back(std::move(added));
}

std::string Registry::Names() const {
  std::string names;
  for (const auto& provider : providers_) names.append(names.empty() ? "" : ", ").append(provider->name);
  return names;
}

const Provider* Registry::Find(std::string_view name) const {
  for (const auto& provider : providers_) {
    if (provider->name == name) return provider.get();
  }
  return nullptr;
}

}  // namespace portolan::providers
