#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"

namespace portolan::providers {

// The dialects that are built in. Valid for ever.
std::span<const Dialect* const> BuiltInDialects();

// The providers of this process, by name. Immutable once built, thread-safe.
class Registry {
 public:
  // A registry of all built-in providers, which are added one by one: nothing registers itself.
  static std::unique_ptr<Registry> BuiltIn();

  // nullptr if no provider is called `name`. Case-sensitive, as Portkey's names are.
  const Provider* Find(std::string_view name) const;
  // All names, for a person to read: `openai, anthropic, echo`.
  std::string Names() const;
  const std::vector<std::unique_ptr<const Provider>>& all() const { return providers_; }

  // Adds a provider, in the place of one with its name.
  void Add(Provider provider);

 private:
  std::vector<std::unique_ptr<const Provider>> providers_;
};

}  // namespace portolan::providers
