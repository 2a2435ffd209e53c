#include "providers/dialects/rerankers/scores.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/rerank.h"
#include "rerankers/v1/rerank.pb.h"

namespace portolan::providers::rerankers {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::rerankers::v1;

// The best first, and those that are alike as they came.
std::vector<int> InOrder(const google::protobuf::RepeatedField<double>& scores) {
  std::vector<int> order(static_cast<size_t>(scores.size()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return scores.Get(a) > scores.Get(b) || (scores.Get(a) == scores.Get(b) && a < b);
  });
  return order;
}

}  // namespace

std::optional<Error> ScoresMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                  DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* const out = static_cast<wire::ScoreRequest*>(wire);
  if (auto error = CheckRerank(request, facts, "DeepInfra")) return error;
  for (int i = 0; i < request.documents_size(); ++i) {
    out->add_queries(request.query());
    if (auto error = TextOfDocument(request, i, out->add_documents())) return error;
  }
  if (request.has_top_n() && request.top_n() < request.documents_size()) dropped->emplace_back("top_n");
  // Results say by their index which document they are of.
  if (request.return_documents()) dropped->emplace_back("return_documents");
  if (request.has_max_tokens_per_doc()) dropped->emplace_back("max_tokens_per_doc");
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  for (const api::Extra& extra : request.extra()) {
    if (extra.name() == "queries") {
      dropped->push_back(extra.name());
    } else {
      *out->add_extra() = extra;
    }
  }
  return std::nullopt;
}

std::optional<Error> ScoresMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                Message* hub) const {
  const auto& answer = static_cast<const wire::ScoreAnswer&>(wire);
  auto* const out = static_cast<api::RerankResponse*>(hub);
  if (answer.scores().empty()) {
    return BrokenAnswer("upstream_invalid_answer", "deepinfra answered with something that holds no scores");
  }
  if (!answer.request_id().empty()) out->set_id(answer.request_id());
  out->set_model(std::string(facts.model));
  for (const int index : InOrder(answer.scores())) {
    api::RerankResult* const result = out->add_results();
    result->set_index(index);
    result->set_relevance_score(answer.scores(index));
  }
  if (answer.has_input_tokens()) {
    out->mutable_usage()->set_prompt_tokens(answer.input_tokens());
    out->mutable_usage()->set_total_tokens(answer.input_tokens());
  }
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::rerankers
