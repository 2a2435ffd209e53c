#include "providers/dialects/bedrock/request.h"

namespace portolan::providers::bedrock {

RequestEncoder::RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts,
                               wire::ConverseRequest* wire, DroppedMembers* dropped)
    : hub_(hub), facts_(facts), wire_(wire), dropped_(dropped), model_(ModelOf(facts.model)) {}

std::optional<Error> RequestEncoder::Run() {
  if (facts_.model.empty()) {
    return Error::InvalidRequest("missing_value", "bedrock needs to know which model to call", "model");
  }
  EncodeMaxTokens();
  // Reasoning depends on messages, tools and the limit; sampling on reasoning.
  const bool ok = RefuseWhatIsMissing() && EncodeMessages() && EncodeTools() && EncodeToolChoice() &&
                  EncodeResponseFormat() && EncodeReasoning() && EncodeSampling();
  if (!ok) return std::move(error_);
  EncodeStop();
  EncodeMetadata();
  EncodeServiceTier();
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

}  // namespace portolan::providers::bedrock
