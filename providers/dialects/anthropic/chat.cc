#include "providers/dialects/anthropic/chat.h"

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/anthropic/caller_answer.h"
#include "providers/dialects/anthropic/caller_request.h"
#include "providers/dialects/anthropic/caller_stream.h"
#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/anthropic/response.h"
#include "providers/dialects/anthropic/stream.h"

namespace portolan::providers::anthropic {

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts,
                         static_cast<wire::MessagesRequest*>(wire), dropped);
  return encoder.Run();
}

std::vector<HeaderField> ChatMapping::NeededOptions(const Message& wire) const {
  const auto& request = static_cast<const wire::MessagesRequest&>(wire);
  if (!request.has_temperature() && !request.has_top_p() && !request.has_top_k()) return {};
  return {{"anthropic_version", "2023-06-01"}};
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  return DecodeMessage(static_cast<const wire::MessagesResponse&>(wire), facts,
                       static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

std::optional<Error> ChatMapping::RequestToHub(const Message& wire, const CallFacts& facts, Message* hub,
                                               DroppedMembers* dropped) const {
  RequestDecoder decoder(static_cast<const wire::MessagesRequest&>(wire), facts,
                         static_cast<api::ChatCompletionRequest*>(hub), dropped);
  return decoder.Run();
}

void ChatMapping::AnswerToWire(const Message& hub, const CallFacts& facts, Message* wire) const {
  EncodeAnswer(static_cast<const api::ChatCompletion&>(hub), facts,
               static_cast<wire::MessagesResponse*>(wire));
}

std::unique_ptr<EventsToWire> ChatMapping::WriteEvents(const CallFacts& facts) const {
  return std::make_unique<EventWriter>(facts);
}

}  // namespace portolan::providers::anthropic
