#pragma once

// One evaluation of a compiled schema. Internal to json_schema*.cc.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/json_schema.h"
#include "server/guardrails/json_schema_nodes.h"

namespace portolan::guardrails::schema {

class Evaluator {
 public:
  explicit Evaluator(const Program& program) : program_(program) {}

  JsonSchema::Result Run(const Json& value);

 private:
  // Which of a value's elements or members, by their order, some keyword has looked at. Not kept up where
  // the schema has no use for it.
  using Seen = std::vector<bool>;

  // Whether `value` fits; what was looked at is added to *seen if so.
  bool Fits(NodeId id, const Json& value, Seen* seen);
  // The same where failing is no failure of the whole.
  bool Tries(NodeId id, const Json& value, Seen* seen);
  // The same for an element or a member, to which `keyword` has led.
  bool ChildFits(NodeId id, const Json& value, std::string_view token, std::string_view keyword);

  // Each asks some of the keywords.
  bool FitsTypes(const Node& node, const Json& value);
  bool FitsNumber(const Node& node, const Json& value);
  bool FitsString(const Node& node, const Json& value);
  bool FitsReferences(const Node& node, const Json& value, Seen* seen);
  bool FitsCombinations(const Node& node, const Json& value, Seen* seen);
  bool FitsArray(const Node& node, const Json& value, Seen* seen);
  bool FitsContains(const Node& node, const Json& value, Seen* seen);
  bool FitsObject(const Node& node, const Json& value, Seen* seen);
  bool FitsMembers(const Node& node, const Json& value, Seen* seen);
  bool FitsUnevaluated(const Node& node, const Json& value, Seen* seen);

  NodeId DynamicTarget(const Node& node) const;
  bool Matches(const Pattern& pattern, std::string_view text);
  bool AllDiffer(const Json& array);

  // Whether that much work more is allowed.
  bool Spend(size_t steps);
  bool Fail(std::string_view keyword);

  const Program& program_;
  std::vector<int> scope_;  // the resources that were entered, outermost first
  std::vector<std::string_view> path_;
  size_t spent_ = 0;
  int depth_ = 0;
  int trying_ = 0;
  bool too_costly_ = false;
  JsonSchema::Result result_;
};

}  // namespace portolan::guardrails::schema
