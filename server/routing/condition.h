#pragma once

// The queries of the `conditional` strategy, compiled. Pure.
//
//   {"metadata.plan": "paid", "params.max_tokens": {"$gt": 1000}}
//   {"$or": [{"params.model": {"$regex": "^gpt-"}}, {"url.pathname": "/v1/embeddings"}]}

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::routing {

// What a query may ask about. The views must stay valid during Matches().
struct ConditionFacts {
  // The JSON of x-portolan-metadata; anything but an object counts as an empty one.
  std::string_view metadata;
  std::string_view params;    // the JSON of the request as it came, before any override
  std::string_view pathname;  // `/v1/chat/completions`
};

// One query. Immutable, thread-safe. Regular expressions are RE2's, which take time linear in the text
// whatever the expression.
class Condition {
 public:
  // Compiles a query. nullopt, with the reason in *problem (`"$foo" is no operator`), if `json` is not one.
  // REQUIRES: `json` is one valid JSON value, no deeper than the codec allows.
  static std::optional<Condition> Compile(std::string_view json, std::string* problem);
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;
  ~Condition();

  bool Matches(const ConditionFacts& facts) const;
  // Whether Matches() looks at ConditionFacts::params.
  bool reads_params() const;

 private:
  struct Node;
  explicit Condition(std::unique_ptr<const Node> root);
  std::unique_ptr<const Node> root_;
};

}  // namespace portolan::routing
