#include "providers/dialects/google/token_count.h"

#include <string>

#include "gemini/v1/tokens.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/model_traits.h"
#include "providers/dialects/google/request.h"

namespace portolan::providers::gemini {

std::optional<Error> TokenCountMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                      Message* wire, DroppedMembers* dropped) const {
  wire::GenerateContentRequest* request =
      static_cast<wire::CountTokensRequest*>(wire)->mutable_generate_content_request();
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts, request, dropped);
  if (auto error = encoder.Run()) return error;
  request->set_model(ResourceName(facts.model));
  return std::nullopt;
}

std::optional<Error> TokenCountMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  const auto& answer = static_cast<const wire::CountTokensResponse&>(wire);
  if (answer.has_error()) return ErrorInAnswer(answer.error());
  if (!answer.has_total_tokens()) {
    return BrokenAnswer("upstream_invalid_answer", "google answered with something that is not a count");
  }
  auto* count = static_cast<api::TokenCount*>(hub);
  count->set_object("token_count");
  count->set_input_tokens(answer.total_tokens());
  count->set_model(std::string(facts.model));
  if (answer.has_cached_content_token_count()) count->set_cached_tokens(answer.cached_content_token_count());
  CopyExtras(answer.extra(), count);
  return std::nullopt;
}

}  // namespace portolan::providers::gemini
