#pragma once

#include <memory>
#include <optional>

#include "providers/provider.h"

namespace portolan::providers::anthropic {

// Chat: portolan.v1.ChatCompletionRequest, ChatCompletion and ChatCompletionChunk on one side,
// anthropic.v1.MessagesRequest, MessagesResponse and StreamEvent on the other.
class ChatTranslator final : public Translator {
 public:
  const Message* request_type() const override;
  const Message* response_type() const override;
  const Message* event_type() const override;

  std::optional<Error> EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> DecodeResponse(const Message& wire, const CallFacts& facts,
                                      Message* hub) const override;
  std::unique_ptr<StreamTranslator> NewStream(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::anthropic
