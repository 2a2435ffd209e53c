#include "providers/dialects/watsonx/rerank.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "portolan/v1/rerank.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/rerank.h"
#include "providers/dialects/watsonx/payer.h"
#include "watsonx/v1/rerank.pb.h"

namespace portolan::providers::watsonx {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::watsonx::v1;

// What the hub's words say, in IBM's.
void PutParameters(const api::RerankRequest& request, wire::RerankRequest* out) {
  if (request.has_max_tokens_per_doc()) {
    out->mutable_parameters()->set_truncate_input_tokens(request.max_tokens_per_doc());
  }
  if (request.has_top_n()) {
    out->mutable_parameters()->mutable_return_options()->set_top_n(request.top_n());
  }
  if (request.has_return_documents()) {
    out->mutable_parameters()->mutable_return_options()->set_inputs(request.return_documents());
  }
}

// A member of the caller's own `parameters`; said in the hub's words as well, these count.
void AddMember(std::string_view path, std::string_view name, std::string_view json, bool said, Extras* extras,
               DroppedMembers* dropped) {
  if (said || !FindExtra(*extras, name).empty()) {
    dropped->push_back(std::string(path).append(name));
  } else {
    AddExtra(name, std::string(json), extras);
  }
}

void TakeReturnOptions(std::string_view json, wire::RerankReturnOptions* out, DroppedMembers* dropped) {
  ForEachMember(json, [&](std::string_view name, std::string_view value) {
    const bool said = (name == "top_n" && out->has_top_n()) || (name == "inputs" && out->has_inputs());
    AddMember("parameters.return_options.", name, value, said, out->mutable_extra(), dropped);
  });
}

// What callers write in IBM's words.
void TakeParameters(std::string_view json, wire::RerankParameters* out, DroppedMembers* dropped) {
  ForEachMember(json, [&](std::string_view name, std::string_view value) {
    if (name == "return_options" && IsJsonObject(value)) {
      TakeReturnOptions(value, out->mutable_return_options(), dropped);
      return;
    }
    const bool said = (name == "truncate_input_tokens" && out->has_truncate_input_tokens()) ||
                      (name == "return_options" && out->has_return_options());
    AddMember("parameters.", name, value, said, out->mutable_extra(), dropped);
  });
}

}  // namespace

std::optional<Error> RerankMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                  DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* const out = static_cast<wire::RerankRequest*>(wire);
  if (auto error = CheckRerank(request, facts, "watsonx")) return error;
  out->set_model_id(std::string(facts.model));
  out->set_query(request.query());
  for (int i = 0; i < request.documents_size(); ++i) {
    if (auto error = TextOfDocument(request, i, out->add_inputs()->mutable_text())) return error;
  }
  PutParameters(request, out);
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    if (extra.name() == "parameters" && IsJsonObject(extra.json())) {
      TakeParameters(extra.json(), out->mutable_parameters(), dropped);
    } else if (!TakePayer(extra, out)) {
      dropped->push_back(extra.name());
    }
  }
  return std::nullopt;
}

std::optional<Error> RerankMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                Message* hub) const {
  const auto& answer = static_cast<const wire::RerankResponse&>(wire);
  auto* const out = static_cast<api::RerankResponse*>(hub);
  // A list that is there and empty is kept among the unknown members.
  if (answer.results().empty() && FindExtra(answer.extra(), "results") != "[]") {
    return BrokenAnswer("upstream_invalid_answer", "watsonx answered with something that holds no results");
  }
  out->set_model(answer.has_model_id() ? answer.model_id() : std::string(facts.model));
  for (const wire::RerankedText& one : answer.results()) {
    api::RerankResult* const result = out->add_results();
    result->set_index(one.index());
    result->set_relevance_score(one.score());
    if (one.has_input()) result->mutable_document()->mutable_fields()->set_text(one.input().text());
    CopyExtras(one.extra(), result);
  }
  if (answer.results().empty()) AddExtra("results", "[]", out->mutable_extra());
  if (answer.has_input_token_count()) {
    const int64_t tokens = std::max<int64_t>(answer.input_token_count(), 0);
    out->mutable_usage()->set_prompt_tokens(tokens);
    out->mutable_usage()->set_total_tokens(tokens);
  }
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::watsonx
