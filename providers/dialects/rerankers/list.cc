#include "providers/dialects/rerankers/list.h"

#include <string>
#include <utility>

#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/rerank.h"
#include "rerankers/v1/rerank.pb.h"

namespace portolan::providers::rerankers {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::rerankers::v1;

// Callers may know the provider's own words, which go on as they are; said in the hub's words as well, these
// count.
void CopyOthers(const api::RerankRequest& request, wire::ListRequest* out, DroppedMembers* dropped) {
  for (const api::Extra& extra : request.extra()) {
    const bool said = (extra.name() == "top_k" && out->has_top_k()) ||
                      (extra.name() == "return_input" && out->has_return_input()) || extra.name() == "input";
    if (said) {
      dropped->push_back(extra.name());
    } else {
      *out->add_extra() = extra;
    }
  }
}

// Documents come back as objects with a text, as most return them.
void TakeDocument(const api::RerankDocument& given, api::RerankResult* out) {
  if (given.has_fields()) {
    *out->mutable_document() = given;
  } else {
    out->mutable_document()->mutable_fields()->set_text(given.text());
  }
}

void AddResult(const wire::Listed& listed, api::RerankResponse* out) {
  api::RerankResult* const result = out->add_results();
  result->set_index(listed.index());
  result->set_relevance_score(listed.has_score() ? listed.score() : listed.relevance_score());
  if (listed.has_document()) TakeDocument(listed.document(), result);
  if (listed.has_input()) TakeDocument(listed.input(), result);
  CopyExtras(listed.extra(), result);
}

}  // namespace

std::optional<Error> ListMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* const out = static_cast<wire::ListRequest*>(wire);
  if (auto error = CheckRerank(request, facts, words_.provider)) return error;
  out->set_model(std::string(facts.model));
  out->set_query(request.query());
  if (words_.input) {
    *out->mutable_input() = request.documents();
    *out->mutable_rank_fields() = request.rank_fields();
    if (request.has_return_documents()) out->set_return_input(request.return_documents());
  } else {
    for (int i = 0; i < request.documents_size(); ++i) {
      if (auto error = TextOfDocument(request, i, out->add_documents())) return error;
    }
    if (request.has_return_documents()) out->set_return_documents(request.return_documents());
  }
  if (request.has_top_n() && words_.top_k) out->set_top_k(request.top_n());
  if (request.has_top_n() && !words_.top_k) out->set_top_n(request.top_n());
  if (request.has_max_tokens_per_doc()) dropped->emplace_back("max_tokens_per_doc");
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  CopyOthers(request, out, dropped);
  return std::nullopt;
}

std::optional<Error> ListMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  const auto& answer = static_cast<const wire::ListAnswer&>(wire);
  auto* const out = static_cast<api::RerankResponse*>(hub);
  // A list that is there and empty is kept among the unknown members.
  if (answer.data().empty() && FindExtra(answer.extra(), "data") != "[]") {
    return BrokenAnswer("upstream_invalid_answer",
                        "the provider answered with something that holds no results");
  }
  if (answer.has_id()) out->set_id(answer.id());
  if (answer.has_object()) out->set_object(answer.object());
  out->set_model(answer.has_model() ? answer.model() : std::string(facts.model));
  for (const wire::Listed& listed : answer.data()) AddResult(listed, out);
  if (answer.has_usage()) *out->mutable_usage() = answer.usage();
  for (const api::Extra& extra : answer.extra()) {
    if (extra.name() == "data") {
      AddExtra("results", extra.json(), out->mutable_extra());
    } else if (extra.name() != "results") {
      *out->add_extra() = extra;
    }
  }
  return std::nullopt;
}

}  // namespace portolan::providers::rerankers
