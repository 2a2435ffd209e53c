#include "providers/dialects/google/chat.h"

#include "providers/dialects/google/request.h"
#include "providers/dialects/google/response.h"
#include "providers/dialects/google/stream.h"

namespace portolan::providers::gemini {

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts,
                         static_cast<wire::GenerateContentRequest*>(wire), dropped);
  if (host_ == Host::kVertex) encoder.GoesToVertex();
  return encoder.Run();
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  return DecodeAnswer(static_cast<const wire::GenerateContentResponse&>(wire), facts,
                      static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

}  // namespace portolan::providers::gemini
