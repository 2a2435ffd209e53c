#include "providers/registry.h"

#include <algorithm>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/nearest.h"

namespace portolan::providers {

Registry::Registry(const Catalog& catalog) {
  for (const Provider& provider : catalog.providers) Add(provider);
}

std::unique_ptr<Registry> Registry::BuiltIn() { return std::make_unique<Registry>(BuiltInCatalog()); }

void Registry::Add(Provider provider) {
  const auto in_path = [](const ProviderOption& option) { return option.in_path; };
  provider.has_options_in_address = !provider.hosts.empty() ||
                                    provider.base_url.find('{') != std::string::npos ||
                                    std::any_of(provider.options.begin(), provider.options.end(), in_path);
  auto added = std::make_unique<const Provider>(std::move(provider));
  const auto present = std::find_if(providers_.begin(), providers_.end(),
                                    [&](const auto& one) { return one->name == added->name; });
  if (present == providers_.end()) {
    providers_.push_back(std::move(added));
  } else {
    *present = std::move(added);
  }
  Index();
}

void Registry::Index() {
  by_length_.clear();
  for (const auto& provider : providers_) by_length_.push_back(provider.get());
  std::sort(by_length_.begin(), by_length_.end(),
            [](const Provider* a, const Provider* b) { return a->name.size() < b->name.size(); });
  first_.assign(by_length_.back()->name.size() + 2, static_cast<uint32_t>(by_length_.size()));
  for (size_t i = by_length_.size(); i-- > 0;) {
    for (size_t length = 0; length <= by_length_[i]->name.size(); ++length)
      first_[length] = static_cast<uint32_t>(i);
  }
}

std::string Registry::NoProvider(std::string_view name) const {
  std::vector<std::string_view> words;
  std::vector<std::string_view> meant;  // by each of the words
  for (const auto& provider : providers_) {
    words.push_back(provider->name);
    words.insert(words.end(), provider->aliases.begin(), provider->aliases.end());
    meant.resize(words.size(), provider->name);
  }
  std::string text = "there is no provider called " + JsonString(name);
  const std::string_view near = NearWord(name, words);
  if (near.empty()) return text + "; docs/providers.md lists them, and `portolan providers` too";
  const auto place = std::find(words.begin(), words.end(), near) - words.begin();
  return text.append("; did you mean \"").append(meant[static_cast<size_t>(place)]).append("\"?");
}

const Provider* Registry::Find(std::string_view name) const {
  if (name.empty() || name.size() + 1 >= first_.size()) return nullptr;
  for (uint32_t i = first_[name.size()]; i < first_[name.size() + 1]; ++i) {
    const std::string& each = by_length_[i]->name;
    if (each.front() == name.front() && each == name) return by_length_[i];
  }
  return nullptr;
}

}  // namespace portolan::providers
