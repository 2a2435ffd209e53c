#include "providers/anthropic/chat.h"

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/anthropic/request.h"
#include "providers/anthropic/response.h"
#include "providers/anthropic/stream.h"

namespace portolan::providers::anthropic {

const Message* ChatTranslator::request_type() const { return &wire::MessagesRequest::default_instance(); }
const Message* ChatTranslator::response_type() const { return &wire::MessagesResponse::default_instance(); }
const Message* ChatTranslator::event_type() const { return &wire::StreamEvent::default_instance(); }

std::optional<Error> ChatTranslator::EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                                   DroppedMembers* dropped) const {
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts,
                         static_cast<wire::MessagesRequest*>(wire), dropped);
  return encoder.Run();
}

std::optional<Error> ChatTranslator::DecodeResponse(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  return DecodeMessage(static_cast<const wire::MessagesResponse&>(wire), facts,
                       static_cast<api::ChatCompletion*>(hub));
}

std::unique_ptr<StreamTranslator> ChatTranslator::NewStream(const CallFacts& facts) const {
  return std::make_unique<ChatStream>(facts);
}

}  // namespace portolan::providers::anthropic
