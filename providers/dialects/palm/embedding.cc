#include "providers/dialects/palm/embedding.h"

#include <string>
#include <utility>
#include <vector>

#include "palm/v1/palm.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"

namespace portolan::providers::palm {

namespace api = ::portolan::v1;

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                     Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  if (facts.model.empty()) {
    return Error::InvalidRequest("missing_value", "palm needs to know which model to call", "model");
  }
  std::vector<std::string> texts;
  if (auto error = TakeTexts(request.input(), 1, "palm", &texts)) return error;
  if (texts.empty()) return Error::InvalidRequest("missing_value", "there is no text to embed", "input");
  static_cast<::palm::v1::EmbedTextRequest*>(wire)->set_text(std::move(texts.front()));
  // Vectors of another length would be others.
  if (request.has_dimensions()) {
    return Error::InvalidRequest("unsupported_value", "palm's vectors have one length", "dimensions");
  }
  if (!request.user().empty()) dropped->emplace_back("user");
  for (const api::Extra& extra : request.extra()) {
    if (!IsEmptyJson(extra.json())) dropped->push_back(extra.name());
  }
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const ::palm::v1::EmbedTextResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  if (answer.has_error()) return gemini::ErrorInAnswer(answer.error());
  if (answer.embedding().value().empty()) {
    return BrokenAnswer("upstream_invalid_answer", "palm answered with something that holds no embedding");
  }
  out->set_object("list");
  out->set_model(std::string(facts.model));
  CopyExtras(answer.embedding().extra(), AddVector(answer.embedding().value(), facts, out));
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::palm
