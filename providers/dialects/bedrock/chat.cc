#include "providers/dialects/bedrock/chat.h"

#include "bedrock/v1/request.pb.h"
#include "bedrock/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/bedrock/response.h"
#include "providers/dialects/bedrock/stream.h"
#include "providers/dialects/common/web_media.h"

namespace portolan::providers::bedrock {

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts,
                         static_cast<wire::ConverseRequest*>(wire), dropped);
  return encoder.Run();
}

std::vector<MediaReference> ChatMapping::MediaOf(const Message& hub) const {
  return WebMediaOf(static_cast<const api::ChatCompletionRequest&>(hub));
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  return DecodeAnswer(static_cast<const wire::ConverseResponse&>(wire), facts,
                      static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

}  // namespace portolan::providers::bedrock
