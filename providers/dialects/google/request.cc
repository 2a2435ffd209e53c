#include "providers/dialects/google/request.h"

#include <algorithm>

namespace portolan::providers::gemini {

RequestEncoder::RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts,
                               wire::GenerateContentRequest* wire, DroppedMembers* dropped)
    : hub_(hub), facts_(facts), wire_(wire), dropped_(dropped), traits_(TraitsOf(facts.model)) {}

std::optional<Error> RequestEncoder::Run() {
  const bool ok = RefuseWhatIsMissing() && EncodeMessages() && EncodeTools() && EncodeToolChoice() &&
                  EncodeSampling() && EncodeStop() && EncodeResponseFormat() && EncodeModalities() &&
                  EncodeThinking();
  if (!ok) return std::move(error_);
  EncodeLogprobs();
  EncodeServiceTier();
  DropParameters();
  if (!EncodeExtras()) return std::move(error_);
  return std::nullopt;
}

bool RequestEncoder::Fail(std::string code, std::string message, std::string path) {
  error_ = Error::InvalidRequest(std::move(code), std::move(message), std::move(path));
  return false;
}

void RequestEncoder::DropExtras(const Extras& extras, const MemberPath& parent,
                                std::span<const std::string_view> known) {
  for (const api::Extra& extra : extras) {
    if (IsEmptyJson(extra.json())) continue;
    if (std::find(known.begin(), known.end(), extra.name()) != known.end()) continue;
    Drop(MemberPath{&parent, extra.name()});
  }
}

std::string CamelCase(std::string_view name) {
  std::string out;
  bool raise = false;
  for (const char c : name) {
    if (c == '_') {
      raise = !out.empty();
    } else if (raise && c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
      raise = false;
    } else {
      out += c;
      raise = false;
    }
  }
  return out;
}

}  // namespace portolan::providers::gemini
