#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
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
  // What to tell somebody who has named a provider that does not exist: `there is no provider called "opnai";
  // did you mean "openai"?`
  std::string NoProvider(std::string_view name) const;
  const std::vector<std::unique_ptr<const Provider>>& all() const { return providers_; }

  // Adds a provider, in the place of one with its name.
  void Add(Provider provider);

 private:
  std::vector<std::unique_ptr<const Provider>> providers_;
  absl::flat_hash_map<std::string_view, const Provider*> by_name_;
};

}  // namespace portolan::providers
