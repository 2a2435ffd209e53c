#include "providers/dialects/ollama/chat.h"

#include "ollama/v1/chat.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/web_media.h"
#include "providers/dialects/ollama/request.h"
#include "providers/dialects/ollama/response.h"
#include "providers/dialects/ollama/stream.h"
#include "providers/dialects/openai/native.h"

namespace portolan::providers::ollama {

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  // What other APIs have beside OpenAI's is put in OpenAI's words first.
  api::ChatCompletionRequest plain = static_cast<const api::ChatCompletionRequest&>(hub);
  if (auto error = openai::MakeNative(&plain, {.reasoning = true, .top_k = true}, dropped)) return error;
  return RequestEncoder(plain, facts, static_cast<wire::ChatRequest*>(wire), dropped).Run();
}

std::vector<MediaReference> ChatMapping::MediaOf(const Message& hub) const {
  return WebMediaOf(static_cast<const api::ChatCompletionRequest&>(hub));
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  return DecodeAnswer(static_cast<const wire::ChatResponse&>(wire), facts,
                      static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

}  // namespace portolan::providers::ollama
