#include "providers/registry.h"

#include <algorithm>
#include <utility>

#include "providers/text_by_chat.h"
#include "server/base/json_text.h"
#include "server/base/nearest.h"

namespace portolan::providers {
namespace {

// How whoever has these forms serves text completions by their chat; null: they need not, or cannot.
template <typename HasForms>
std::shared_ptr<const Form> TextFormOf(const HasForms& has, const Dialect& dialect) {
  const Form* const chat = has.Find(operation::kChat);
  if (chat == nullptr || has.Find(operation::kCompletion) != nullptr) return nullptr;
  return TextByChat(*chat, dialect.is_hub());
}

}  // namespace

Registry::Registry(const Catalog& catalog) {
  for (const Provider& provider : catalog.providers) Place(provider);
  Index();
}

std::unique_ptr<Registry> Registry::BuiltIn() { return std::make_unique<Registry>(BuiltInCatalog()); }

void Registry::Add(Provider provider, std::unique_ptr<const Auth> auth) {
  if (auth != nullptr) {
    provider.auth = auth.get();
    auths_.push_back(std::move(auth));
  }
  Place(std::move(provider));
  Index();
}

void Registry::Place(Provider provider) {
  const auto in_path = [](const ProviderOption& option) { return option.in_path; };
  provider.has_several_addresses = !provider.hosts.empty() || !provider.own_forms.empty() ||
                                   provider.base_url.find('{') != std::string::npos ||
                                   std::any_of(provider.options.begin(), provider.options.end(), in_path);
  if (provider.local == nullptr) provider.text_by_chat = TextFormOf(provider, *provider.dialect);
  for (ModelFamily& family : provider.families) {
    if (family.text_by_chat == nullptr) family.text_by_chat = TextFormOf(family, *family.dialect);
  }
  auto added = std::make_unique<const Provider>(std::move(provider));
  const auto present = std::find_if(providers_.begin(), providers_.end(),
                                    [&](const auto& one) { return one->name == added->name; });
  if (present == providers_.end()) {
    providers_.push_back(std::move(added));
  } else {
    *present = std::move(added);
  }
}

void Registry::Index() {
  size_t longest = 0;
  for (const auto& provider : providers_) longest = std::max(longest, provider->name.size());
  by_length_.clear();
  first_.clear();
  // Of one length those come first that were added first, which are asked for most.
  for (size_t length = 0; length <= longest; ++length) {
    first_.push_back(static_cast<uint32_t>(by_length_.size()));
    for (const auto& provider : providers_) {
      if (provider->name.size() == length) by_length_.push_back(provider.get());
    }
  }
  first_.push_back(static_cast<uint32_t>(by_length_.size()));
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
