#include "providers/dialects/cohere/chat.h"

#include "cohere/v1/request.pb.h"
#include "cohere/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/cohere/request.h"
#include "providers/dialects/cohere/response.h"
#include "providers/dialects/cohere/stream.h"
#include "providers/dialects/common/web_media.h"

namespace portolan::providers::cohere {

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts,
                         static_cast<wire::ChatRequest*>(wire), dropped);
  return encoder.Run();
}

std::vector<MediaReference> ChatMapping::MediaOf(const Message& hub) const {
  std::vector<MediaReference> media = WebMediaOf(static_cast<const api::ChatCompletionRequest&>(hub));
  std::erase_if(media, [](const MediaReference& one) { return !one.path.ends_with(".file_data"); });
  return media;
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  return DecodeAnswer(static_cast<const wire::ChatResponse&>(wire), facts,
                      static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

}  // namespace portolan::providers::cohere
