#include "providers/dialects/anthropic/token_count.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "anthropic/v1/tokens.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/classify.h"
#include "providers/dialects/anthropic/caller_request.h"
#include "providers/dialects/anthropic/errors.h"
#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/web_media.h"

namespace portolan::providers::anthropic {
namespace {

// Members of Anthropic's own that only say how to answer.
constexpr std::array<std::string_view, 3> kOfTheAnswer = {"diagnostics", "inference_geo", "stop_sequences"};

// Leaves what the endpoint takes, which refuses all else. Source: MessageCountTokensParams of
// @anthropic-ai/sdk 1.14.
void KeepWhatCounts(wire::MessagesRequest* request) {
  request->clear_max_tokens();
  request->clear_temperature();
  request->clear_top_p();
  request->clear_top_k();
  request->clear_stop_sequences();
  request->clear_stream();
  request->clear_metadata();
  request->clear_service_tier();
  auto* extras = request->mutable_extra();
  for (int i = extras->size() - 1; i >= 0; --i) {
    const std::string& name = extras->Get(i).name();
    const bool counts = std::find(kOfTheAnswer.begin(), kOfTheAnswer.end(), name) == kOfTheAnswer.end();
    if (!counts) extras->DeleteSubrange(i, 1);
  }
}

}  // namespace

std::optional<Error> TokenCountMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                      Message* wire, DroppedMembers* dropped) const {
  auto* request = static_cast<wire::MessagesRequest*>(wire);
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts, request, dropped);
  if (auto error = encoder.Run()) return error;
  // Its skills are instructions that the model reads: without them the count would be too low.
  if (HasExtra(request->extra(), "container")) {
    return Error::InvalidRequest("unsupported_parameter", "anthropic does not count what a container adds",
                                 "container");
  }
  KeepWhatCounts(request);
  return std::nullopt;
}

std::vector<MediaReference> TokenCountMapping::MediaOf(const Message& hub) const {
  return WebMediaOf(static_cast<const api::ChatCompletionRequest&>(hub));
}

std::optional<Error> TokenCountMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  const auto& answer = static_cast<const wire::CountTokensResponse&>(wire);
  if (answer.has_error()) return FromErrorDetail(answer.error());
  if (!answer.has_input_tokens()) {
    return BrokenAnswer("upstream_invalid_answer", "anthropic answered with something that is not a count");
  }
  auto* count = static_cast<api::TokenCount*>(hub);
  count->set_object("token_count");
  count->set_input_tokens(answer.input_tokens());
  count->set_model(std::string(facts.model));
  CopyExtras(answer.extra(), count);
  return std::nullopt;
}

std::optional<Error> TokenCountMapping::RequestToHub(const Message& wire, const CallFacts& facts,
                                                     Message* hub, DroppedMembers* dropped) const {
  RequestDecoder decoder(static_cast<const wire::MessagesRequest&>(wire), facts,
                         static_cast<api::ChatCompletionRequest*>(hub), dropped);
  return decoder.Run();
}

void TokenCountMapping::AnswerToWire(const Message& hub, const CallFacts&, Message* wire) const {
  static_cast<wire::CountTokensResponse*>(wire)->set_input_tokens(
      static_cast<const api::TokenCount&>(hub).input_tokens());
}

}  // namespace portolan::providers::anthropic
