#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/catalog.h"

namespace portolan::providers {

// The providers of this process, by name. Immutable once built, thread-safe.
class Registry {
 public:
  explicit Registry(const Catalog& catalog);
  // Of what is built in.
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
