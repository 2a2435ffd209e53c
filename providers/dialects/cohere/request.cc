#include "providers/dialects/cohere/request.h"

#include "providers/dialects/cohere/model.h"

namespace portolan::providers::cohere {

RequestEncoder::RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts,
                               wire::ChatRequest* wire, DroppedMembers* dropped)
    : hub_(hub), facts_(facts), wire_(wire), dropped_(dropped), may_reason_(MayReason(facts.model)) {}

std::optional<Error> RequestEncoder::Run() {
  if (facts_.model.empty()) {
    return Error::InvalidRequest("missing_value", "cohere needs to know which model to call", "model");
  }
  wire_->set_model(std::string(facts_.model));
  wire_->set_stream(facts_.stream);
  const bool ok = RefuseWhatIsMissing() && EncodeMessages() && EncodeTools() && EncodeToolChoice() &&
                  EncodeSampling() && EncodeStop() && EncodeLogprobs() && EncodeResponseFormat() &&
                  EncodeThinking();
  if (!ok) return std::move(error_);
  DropParameters();
  if (!EncodeExtras()) return std::move(error_);
  return std::nullopt;
}

bool RequestEncoder::Fail(std::string code, std::string message, std::string path) {
  error_ = Error::InvalidRequest(std::move(code), std::move(message), std::move(path));
  return false;
}

void RequestEncoder::DropExtras(const Extras& extras, const MemberPath* parent) {
  for (const api::Extra& extra : extras) {
    if (!IsEmptyJson(extra.json())) Drop(MemberPath{parent, extra.name()});
  }
}

}  // namespace portolan::providers::cohere
