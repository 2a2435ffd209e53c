#include "providers/registry.h"

#include <utility>

namespace portolan::providers {

Registry::Registry(const Catalog& catalog) {
  for (const Provider& provider : catalog.providers) Add(provider);
}

std::unique_ptr<Registry> Registry::BuiltIn() { return std::make_unique<Registry>(BuiltInCatalog()); }

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
