#pragma once

// JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12/json-schema-core and -validation): the
// core, applicator, unevaluated and validation vocabularies. `format` and `content…` are annotations, which
// assert nothing. References reach within the document alone; nothing is ever fetched.

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::guardrails {

// The depth to which schemas, and the values that they look at, may nest.
inline constexpr int kMaxJsonDepth = 128;

// One JSON value; nullopt if the text is none, or nests deeper than kMaxJsonDepth.
std::optional<nlohmann::json> ParseJson(std::string_view text);

// A compiled schema. Immutable, thread-safe.
class JsonSchema {
 public:
  enum class Outcome {
    kFits,
    kDoesNotFit,
    kTooCostly,  // it would take too long, or references run in circles
  };
  struct Result {
    Outcome outcome = Outcome::kFits;
    // Unless it fits: where in the value, as a JSON pointer (`/items/0`), and the keyword at fault
    // (`required`).
    std::string path = {};
    std::string keyword = {};
  };

  // Compiles a schema. nullptr if it is none, with the reason in *problem (`minLength is no whole number from
  // 0 on`) and the place in the schema, as a JSON pointer, in *path. REQUIRES: no deeper than kMaxJsonDepth.
  static std::shared_ptr<const JsonSchema> Compile(const nlohmann::json& schema, std::string* path,
                                                   std::string* problem);
  ~JsonSchema();
  JsonSchema(const JsonSchema&) = delete;
  JsonSchema& operator=(const JsonSchema&) = delete;

  // REQUIRES: `value` is no deeper than kMaxJsonDepth.
  Result Evaluate(const nlohmann::json& value) const;

 private:
  struct Parts;
  explicit JsonSchema(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace portolan::guardrails
