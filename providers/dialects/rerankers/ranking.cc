#include "providers/dialects/rerankers/ranking.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/rerank.h"
#include "rerankers/v1/rerank.pb.h"

namespace portolan::providers::rerankers {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::rerankers::v1;

// A document that is an object may have an image, with a text beside it or alone.
std::optional<Error> TakePassage(const api::RerankRequest& request, int index, wire::Passage* out) {
  const api::RerankDocument& document = request.documents(index);
  if (document.has_fields() && request.rank_fields().empty()) {
    const std::string_view image = FindExtra(document.fields().extra(), "image");
    if (!image.empty()) {
      AddExtra("image", std::string(image), out->mutable_extra());
      if (!document.fields().has_text()) return std::nullopt;
    }
  }
  return TextOfDocument(request, index, out->mutable_text());
}

}  // namespace

std::optional<Error> RankingMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                   DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* const out = static_cast<wire::RankRequest*>(wire);
  if (auto error = CheckRerank(request, facts, "NVIDIA")) return error;
  std::string model(facts.model);
  if (model_in_url_) std::replace(model.begin(), model.end(), '_', '.');
  out->set_model(std::move(model));
  out->mutable_query()->set_text(request.query());
  for (int i = 0; i < request.documents_size(); ++i) {
    if (auto error = TakePassage(request, i, out->add_passages())) return error;
  }
  if (request.has_top_n() && request.top_n() < request.documents_size()) dropped->emplace_back("top_n");
  // Results say by their index which document they are of.
  if (request.return_documents()) dropped->emplace_back("return_documents");
  if (request.has_max_tokens_per_doc()) dropped->emplace_back("max_tokens_per_doc");
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  for (const api::Extra& extra : request.extra()) {
    if (extra.name() == "passages") {
      dropped->push_back(extra.name());
    } else {
      *out->add_extra() = extra;
    }
  }
  return std::nullopt;
}

std::optional<Error> RankingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                 Message* hub) const {
  const auto& answer = static_cast<const wire::RankAnswer&>(wire);
  auto* const out = static_cast<api::RerankResponse*>(hub);
  if (answer.rankings().empty()) {
    return BrokenAnswer("upstream_invalid_answer", "NVIDIA answered with something that holds no rankings");
  }
  out->set_model(std::string(facts.model));
  for (const wire::Ranking& ranking : answer.rankings()) {
    api::RerankResult* const result = out->add_results();
    result->set_index(ranking.index());
    result->set_relevance_score(ranking.logit());
    CopyExtras(ranking.extra(), result);
  }
  if (answer.has_usage()) *out->mutable_usage() = answer.usage();
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::rerankers
