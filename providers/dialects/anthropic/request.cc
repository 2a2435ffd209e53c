#include "providers/dialects/anthropic/request.h"

#include <algorithm>

#include "providers/dialects/common/json.h"
#include "server/base/text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::anthropic {

RequestEncoder::RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts,
                               wire::MessagesRequest* wire, DroppedMembers* dropped)
    : hub_(hub), facts_(facts), wire_(wire), dropped_(dropped), traits_(ClaudeTraitsOf(facts.model)) {}

std::optional<Error> RequestEncoder::Run() {
  if (!facts_.model.empty()) wire_->set_model(std::string(facts_.model));
  if (facts_.stream) wire_->set_stream(true);
  EncodeMaxTokens();
  // Thinking depends on messages, tools and max_tokens; sampling on thinking.
  const bool ok = RefuseWhatIsMissing() && EncodeMessages() && EncodeTools() && EncodeToolChoice() &&
                  EncodeResponseFormat() && EncodeThinking() && EncodeSampling();
  if (!ok) return std::move(error_);
  EncodeStop();
  EncodeUserId();
  EncodeServiceTier();
  DropParameters();
  if (!EncodeExtras()) return std::move(error_);
  return std::nullopt;
}

bool RequestEncoder::Fail(std::string code, std::string message, std::string path) {
  error_ = Error::InvalidRequest(std::move(code), std::move(message), std::move(path));
  return false;
}

void RequestEncoder::TakeExtras(const Extras& from, std::span<const std::string_view> known,
                                const MemberPath* parent, Extras* to) {
  for (const api::Extra& extra : from) {
    if (IsEmptyJson(extra.json())) continue;
    if (std::find(known.begin(), known.end(), extra.name()) != known.end() && !HasExtra(*to, extra.name())) {
      *to->Add() = extra;
    } else {
      Drop(MemberPath{parent, extra.name()});
    }
  }
}

void RequestEncoder::AddSystemText(std::string_view text) {
  api::ContentBlock* block = wire_->mutable_system()->mutable_blocks()->add_items();
  block->set_type("text");
  block->set_text(std::string(text));
}

bool HasExtra(const Extras& extras, std::string_view name) {
  return std::any_of(extras.begin(), extras.end(),
                     [&](const api::Extra& extra) { return extra.name() == name; });
}

std::string AsArgumentsObject(std::string_view text) { return JsonObjectOfText("arguments", text); }

}  // namespace portolan::providers::anthropic
