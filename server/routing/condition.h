#pragma once

// The queries of a `conditional` strategy, compiled. Pure.
//
//   {"metadata.plan": "paid", "params.max_tokens": {"$gt": 1000}}
//   {"$or": [{"params.model": {"$regex": "^gpt-"}}, {"url.pathname": "/v1/embeddings"}]}

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::routing {

// What a query may ask about. Views must outlive the matching.
struct ConditionFacts {
  std::string_view metadata;  // JSON text of x-portolan-metadata; anything but an object is an empty one
  std::string_view params;    // JSON text of the request as it came, before any override
  std::string_view pathname;  // `/v1/chat/completions`
};

// Immutable, thread-safe. Regular expressions are RE2's: their time is linear in the text, whatever they say.
class Condition {
 public:
  // `json` is one JSON value, checked, nested at most so deep as its decoder allowed. nullopt with *problem
  // (`"$foo" is no operator`) if it is not a query.
  static std::optional<Condition> Compile(std::string_view json, std::string* problem);
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;
  ~Condition();

  bool Matches(const ConditionFacts& facts) const;
  // Whether Matches looks at ConditionFacts::params.
  bool reads_params() const;

 private:
  struct Node;
  explicit Condition(std::unique_ptr<const Node> root);
  std::unique_ptr<const Node> root_;
};

}  // namespace portolan::routing
