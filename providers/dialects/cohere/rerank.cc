#include "providers/dialects/cohere/rerank.h"

#include <string>
#include <string_view>

#include "cohere/v1/rerank.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/rerank.h"

namespace portolan::providers::cohere {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

}  // namespace

std::optional<Error> RerankMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                  DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* out = static_cast<wire::RerankRequest*>(wire);
  if (auto error = CheckRerank(request, facts, "cohere")) return error;
  out->set_model(std::string(facts.model));
  out->set_query(request.query());
  for (int i = 0; i < request.documents_size(); ++i) {
    if (auto error = TextOfDocument(request, i, out->add_documents())) return error;
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
