#include "providers/dialects/cohere/rerank.h"

#include <string>
#include <string_view>

#include "cohere/v1/rerank.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"

namespace portolan::providers::cohere {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

// `name: "value"` in a line of its own. JSON values are YAML's too (YAML 1.2, section 1.3).
void AddLine(std::string_view name, std::string_view json, std::string* yaml) {
  if (!yaml->empty()) *yaml += '\n';
  yaml->append(name).append(": ").append(json);
}

// Documents are texts. Those of several members are given as YAML, as Cohere advises: of the members that
// count, of the only text, or of all.
std::string TextOf(const api::RerankFields& document, const api::RerankRequest& request) {
  if (request.rank_fields().empty() && document.has_text()) return document.text();
  std::string yaml;
  if (request.rank_fields().empty()) {
    for (const api::Extra& extra : document.extra()) AddLine(extra.name(), extra.json(), &yaml);
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

std::optional<Error> RerankMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                  DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* out = static_cast<wire::RerankRequest*>(wire);
  if (facts.model.empty()) {
    return Error::InvalidRequest("missing_value", "cohere needs to know which model to call", "model");
  }
  if (!request.has_query()) return Error::InvalidRequest("missing_value", "what is looked for?", "query");
  if (request.documents().empty()) {
    return Error::InvalidRequest("missing_value", "there are no documents to put in order", "documents");
  }
  out->set_model(std::string(facts.model));
  out->set_query(request.query());
  for (int i = 0; i < request.documents_size(); ++i) {
    const api::RerankDocument& document = request.documents(i);
    std::string text = document.has_fields() ? TextOf(document.fields(), request) : document.text();
    if (document.has_fields() && text.empty()) {
      return Error::InvalidRequest("missing_value", "the document has none of the members that count",
                                   MemberPath{nullptr, "documents", i}.ToString());
    }
    out->add_documents(std::move(text));
  }
  if (request.has_top_n()) out->set_top_n(request.top_n());
  if (request.has_max_tokens_per_doc()) out->set_max_tokens_per_doc(request.max_tokens_per_doc());
  // Results say by their index which document they are of.
  if (request.return_documents()) dropped->emplace_back("return_documents");
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    if (extra.name() == "priority") {
      *out->add_extra() = extra;
    } else {
      dropped->push_back(extra.name());
    }
  }
  return std::nullopt;
}

std::optional<Error> RerankMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                Message* hub) const {
  const auto& answer = static_cast<const api::RerankResponse&>(wire);
  auto* out = static_cast<api::RerankResponse*>(hub);
  *out = answer;
  if (!out->has_model()) out->set_model(std::string(facts.model));
  if (!answer.results().empty()) return std::nullopt;
  const std::string_view none = FindExtra(answer.extra(), "results");
  if (IsEmptyJson(none) && none != "null") return std::nullopt;
  return BrokenAnswer("upstream_invalid_answer", "cohere answered with something that holds no results");
}

}  // namespace portolan::providers::cohere
