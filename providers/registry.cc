#include "providers/registry.h"

#include <utility>

#include "providers/anthropic/anthropic.h"
#include "providers/echo/echo.h"
#include "providers/openai/openai.h"

namespace portolan::providers {

std::unique_ptr<Registry> Registry::BuiltIn() {
  auto registry = std::make_unique<Registry>();
  for (OpenAiRow& row : OpenAiTable()) registry->Add(NewOpenAiProvider(std::move(row)));
  registry->Add(NewAnthropicProvider());
  registry->Add(NewEchoProvider());
  return registry;
}

void Registry::Add(std::unique_ptr<Provider> provider) {
  for (std::unique_ptr<Provider>& present : providers_) {
    if (present->name() != provider->name()) continue;
    std::swap(present, provider);
    replaced_.push_back(std::move(provider));
    return;
  }
  providers_.push_back(std::move(provider));
}

std::string Registry::Names() const {
  std::string names;
  for (const auto& provider : providers_) names.append(names.empty() ? "" : ", ").append(provider->name());
  return names;
}

const Provider* Registry::Find(std::string_view name) const {
  for (const auto& provider : providers_) {
    if (provider->name() == name) return provider.get();
  }
  return nullptr;
}

}  // namespace portolan::providers
