#pragma once

#include <cstdint>
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
  // What to tell somebody who has named a provider that does not exist: `there is no provider called "opnai";
  // did you mean "openai"?`
  std::string NoProvider(std::string_view name) const;
  const std::vector<std::unique_ptr<const Provider>>& all() const { return providers_; }

  // Adds a provider, in the place of one with its name. `auth` is kept for it and is how it wants its key;
  // null: it has one already, which outlives the registry.
  void Add(Provider provider, std::unique_ptr<const Auth> auth = nullptr);

 private:
  // Adds a provider, or puts it in the place of one with its name; Index() is due then.
  void Place(Provider provider);
  void Index();

  std::vector<std::unique_ptr<const Provider>> providers_;
  // The same, names of one length together: some ten to look at, where a hash would read the whole name.
  std::vector<const Provider*> by_length_;
  std::vector<uint32_t> first_;  // of each length, in by_length_; and one beyond the longest
  std::vector<std::unique_ptr<const Auth>> auths_;  // of those that have one of their own
};

}  // namespace portolan::providers
