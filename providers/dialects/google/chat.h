#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::gemini {

// Chat: portolan.v1.ChatCompletionRequest, ChatCompletion and ChatCompletionChunk on one side,
// gemini.v1.GenerateContentRequest and GenerateContentResponse, which is the event of a stream too, on the
// other.
class ChatMapping final : public Mapping {
 public:
  // Vertex AI refuses what it does not know: ids of calls, and server-side invocations of tools.
  enum class Host : uint8_t { kGeminiApi, kVertex };
  explicit ChatMapping(Host host) : host_(host) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;

 private:
  const Host host_;
};

}  // namespace portolan::providers::gemini
