#include "providers/dialects/rerankers/enveloped.h"

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

bool HasMedia(const api::RerankDocument& document) {
  const Extras& extras = document.fields().extra();
  return !FindExtra(extras, "image").empty() || !FindExtra(extras, "video").empty();
}

std::optional<Error> TakeDocument(const api::RerankRequest& request, int index, bool objects,
                                  api::RerankDocument* out) {
  const api::RerankDocument& document = request.documents(index);
  if (objects && document.has_fields() && request.rank_fields().empty() && HasMedia(document)) {
    *out = document;
    return std::nullopt;
  }
  std::string* const text = objects ? out->mutable_fields()->mutable_text() : out->mutable_text();
  return TextOfDocument(request, index, text);
}

// Whatever else there is to say stands in `parameters`; said in the hub's words as well, these count.
void TakeParameter(std::string_view name, std::string_view json, std::string_view path,
                   wire::EnvelopedParameters* out, DroppedMembers* dropped) {
  const bool said = (name == "top_n" && out->has_top_n()) ||
                    (name == "return_documents" && out->has_return_documents()) ||
                    !FindExtra(out->extra(), name).empty();
  if (said) {
    dropped->push_back(std::string(path).append(name));
  } else {
    AddExtra(name, std::string(json), out->mutable_extra());
  }
}

void TakeExtra(const api::Extra& extra, wire::EnvelopedRequest* out, DroppedMembers* dropped) {
  if (extra.name() == "input") {
    dropped->push_back(extra.name());
  } else if (extra.name() == "parameters" && IsJsonObject(extra.json())) {
    ForEachMember(extra.json(), [&](std::string_view name, std::string_view json) {
      TakeParameter(name, json, "parameters.", out->mutable_parameters(), dropped);
    });
  } else {
    TakeParameter(extra.name(), extra.json(), {}, out->mutable_parameters(), dropped);
  }
}

}  // namespace

std::optional<Error> EnvelopedMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                     Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::RerankRequest&>(hub);
  auto* const out = static_cast<wire::EnvelopedRequest*>(wire);
  if (auto error = CheckRerank(request, facts, "DashScope")) return error;
  out->set_model(std::string(facts.model));
  api::RerankDocument* const query = out->mutable_input()->mutable_query();
  if (objects_) {
    query->mutable_fields()->set_text(request.query());
  } else {
    query->set_text(request.query());
  }
  for (int i = 0; i < request.documents_size(); ++i) {
    if (auto error = TakeDocument(request, i, objects_, out->mutable_input()->add_documents())) return error;
  }
  if (request.has_top_n()) out->mutable_parameters()->set_top_n(request.top_n());
  if (request.has_return_documents()) {
    out->mutable_parameters()->set_return_documents(request.return_documents());
  }
  if (request.has_max_tokens_per_doc()) dropped->emplace_back("max_tokens_per_doc");
  if (request.has_max_chunks_per_doc()) dropped->emplace_back("max_chunks_per_doc");
  for (const api::Extra& extra : request.extra()) TakeExtra(extra, out, dropped);
  return std::nullopt;
}

std::optional<Error> EnvelopedMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const wire::EnvelopedAnswer&>(wire);
  auto* const out = static_cast<api::RerankResponse*>(hub);
  const wire::EnvelopedOutput& output = answer.output();
  // A list that is there and empty is kept among the unknown members.
  if (output.results().empty() && FindExtra(output.extra(), "results") != "[]") {
    return BrokenAnswer("upstream_invalid_answer", "DashScope answered with something that holds no results");
  }
  if (answer.has_request_id()) out->set_id(answer.request_id());
  out->set_model(std::string(facts.model));
  *out->mutable_results() = output.results();
  if (output.results().empty()) AddExtra("results", "[]", out->mutable_extra());
  if (answer.has_usage()) *out->mutable_usage() = answer.usage();
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::rerankers
