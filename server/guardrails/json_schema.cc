#include "server/guardrails/json_schema.h"

#include <utility>

#include "server/codec/json_reader.h"
#include "server/guardrails/json_schema_evaluate.h"
#include "server/guardrails/json_schema_nodes.h"

namespace portolan::guardrails {

struct JsonSchema::Parts {
  schema::Program program;
};

std::optional<nlohmann::json> ParseJson(std::string_view text) {
  // nlohmann's values nest as deep as the text does, and are compared and copied by recursion.
  if (!codec::IsJson(text, kMaxJsonDepth)) return std::nullopt;
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::shared_ptr<const JsonSchema> JsonSchema::Compile(const nlohmann::json& schema, std::string* path,
                                                      std::string* problem) {
  auto parts = std::make_unique<Parts>();
  parts->program.document = schema;
  if (!schema::Compile(parts->program.document, &parts->program, path, problem)) return nullptr;
  return std::shared_ptr<const JsonSchema>(new JsonSchema(std::move(parts)));
}

JsonSchema::JsonSchema(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
JsonSchema::~JsonSchema() = default;

JsonSchema::Result JsonSchema::Evaluate(const nlohmann::json& value) const {
  return schema::Evaluator(parts_->program).Run(value);
}

}  // namespace portolan::guardrails
