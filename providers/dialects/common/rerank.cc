#include "providers/dialects/common/rerank.h"

#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"

namespace portolan::providers {
namespace {

// `name: "value"` in a line of its own. JSON values are YAML's too (YAML 1.2, section 1.3).
void AddLine(std::string_view name, std::string_view json, std::string* yaml) {
  if (!yaml->empty()) *yaml += '\n';
  yaml->append(name).append(": ").append(json);
}

std::string YamlOf(const v1::RerankFields& document, const v1::RerankRequest& request) {
  if (request.rank_fields().empty() && document.has_text()) return document.text();
  std::string yaml;
  if (request.rank_fields().empty()) {
    for (const v1::Extra& extra : document.extra()) AddLine(extra.name(), extra.json(), &yaml);
    return yaml;
  }
  for (const std::string& name : request.rank_fields()) {
    const std::string_view json = FindExtra(document.extra(), name);
    if (name == "text" && document.has_text()) {
      AddLine(name, JsonString(document.text()), &yaml);
    } else if (!json.empty()) {
      AddLine(name, json, &yaml);
    }
  }
  return yaml;
}

}  // namespace

std::optional<Error> CheckRerank(const v1::RerankRequest& request, const CallFacts& facts,
                                 std::string_view provider) {
  if (facts.model.empty()) {
    return Error::InvalidRequest("missing_value",
                                 std::string(provider) + " needs to know which model to call", "model");
  }
  if (!request.has_query()) return Error::InvalidRequest("missing_value", "what is looked for?", "query");
  if (request.documents().empty()) {
    return Error::InvalidRequest("missing_value", "there are no documents to put in order", "documents");
  }
  return std::nullopt;
}

std::optional<Error> TextOfDocument(const v1::RerankRequest& request, int index, std::string* text) {
  const v1::RerankDocument& document = request.documents(index);
  *text = document.has_fields() ? YamlOf(document.fields(), request) : document.text();
  if (!document.has_fields() || !text->empty()) return std::nullopt;
  return Error::InvalidRequest("missing_value", "the document has none of the members that count",
                               MemberPath{nullptr, "documents", index}.ToString());
}

}  // namespace portolan::providers
