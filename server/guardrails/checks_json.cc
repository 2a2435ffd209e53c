// Checks of the JSON in a text.

#include <memory>
#include <utility>

#include "server/guardrails/check_makers.h"
#include "server/guardrails/find_json.h"
#include "server/guardrails/json_schema.h"

namespace portolan::guardrails::makers {
namespace {

constexpr std::string_view kNoJson = "there is no JSON in the text";

// The best of what was found in one text.
struct Fit {
  JsonSchema::Result result = {JsonSchema::Outcome::kDoesNotFit, "", ""};
  size_t values = 0;
};

Fit BestFit(const JsonSchema& schema, std::string_view text) {
  Fit best;
  for (const nlohmann::json& value : FindJson(text)) {
    JsonSchema::Result result = schema.Evaluate(value);
    ++best.values;
    if (best.values == 1 || result.outcome == JsonSchema::Outcome::kFits) best.result = std::move(result);
    if (best.result.outcome == JsonSchema::Outcome::kFits) break;
  }
  return best;
}

}  // namespace

void JsonSchemaFits(Parameters& parameters, Check* check) {
  const nlohmann::json* const schema = parameters.Value("schema", true);
  const bool negated = parameters.Flag("not", false);
  check->looks = Looks::kAtTheLast;
  if (schema == nullptr) return;
  std::string path;
  std::string problem;
  const auto compiled = JsonSchema::Compile(*schema, &path, &problem);
  if (compiled == nullptr) {
    parameters.Fail("schema", (path.empty() ? "" : "at " + path + ": ") + problem);
    return;
  }
  check->look = [compiled, negated](std::string_view text) -> Finding {
    const Fit fit = BestFit(*compiled, text);
    if (fit.values == 0) return Told(false, kNoJson);
    if (fit.result.outcome == JsonSchema::Outcome::kTooCostly) {
      return {Verdict::kError, {{"explanation", "the JSON takes too long to be looked at"}}};
    }
    const bool fits = fit.result.outcome == JsonSchema::Outcome::kFits;
    if (fits) return Told(!negated, "the JSON fits the schema");
    Finding finding = Told(negated, "the JSON does not fit the schema: " + fit.result.keyword +
                                        (fit.result.path.empty() ? "" : " at " + fit.result.path));
    finding.data["path"] = fit.result.path;
    finding.data["keyword"] = fit.result.keyword;
    return finding;
  };
}

void JsonKeys(Parameters& parameters, Check* check) {
  const std::vector<std::string> keys = parameters.Texts("keys");
  const Operator op = parameters.Choice("operator", Operator::kAny);
  check->looks = op == Operator::kNone ? Looks::kAtEverything : Looks::kAtTheLast;
  check->look = [keys, op](std::string_view text) {
    const std::vector<nlohmann::json> values = FindJson(text);
    // What has no JSON has no forbidden key.
    if (values.empty()) return Told(op == Operator::kNone, kNoJson);
    bool any = false;
    bool all = true;
    for (const nlohmann::json& value : values) {
      size_t found = 0;
      for (const std::string& key : keys) found += value.is_object() && value.contains(key) ? 1 : 0;
      const bool holds = Holds(op, found, keys.size());
      any |= holds;
      all &= holds;
    }
    // One object that has what is demanded is enough; none may have what is forbidden.
    const bool passes = op == Operator::kNone ? all : any;
    return Told(passes, std::string("keys of the JSON; asked for: ") + std::string(ToString(op)) +
                            (passes ? ", which holds" : ", which does not hold"));
  };
}

}  // namespace portolan::guardrails::makers
