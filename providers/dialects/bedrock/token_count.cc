#include "providers/dialects/bedrock/token_count.h"

#include <string>
#include <utility>

#include "bedrock/v1/tokens.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/classify.h"
#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/bedrock/response.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/web_media.h"

namespace portolan::providers::bedrock {
namespace {

Error NotCounted(std::string path) {
  return Error::InvalidRequest("unsupported_parameter", "bedrock does not count what this adds to the prompt",
                               std::move(path));
}

// A schema becomes instructions that the model reads, and variables are parts of the prompt: without them the
// count would be too low.
std::optional<Error> RefuseWhatIsNotCounted(const wire::ConverseRequest& request) {
  if (request.output_config().has_text_format()) return NotCounted("response_format");
  if (!JsonMember(FindExtra(request.extra(), "outputConfig"), "textFormat").empty()) {
    return NotCounted("outputConfig");
  }
  if (!FindExtra(request.extra(), "promptVariables").empty()) return NotCounted("promptVariables");
  return std::nullopt;
}

// Leaves what the operation takes. Source: ConverseTokensRequest of @aws-sdk/client-bedrock-runtime 3.1164.
void KeepWhatCounts(wire::ConverseRequest* request) {
  request->clear_inference_config();
  request->clear_output_config();
  request->clear_request_metadata();
  request->clear_service_tier();
  request->clear_extra();
}

}  // namespace

std::optional<Error> TokenCountMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                      Message* wire, DroppedMembers* dropped) const {
  wire::ConverseRequest* request =
      static_cast<wire::CountTokensRequest*>(wire)->mutable_input()->mutable_converse();
  RequestEncoder encoder(static_cast<const api::ChatCompletionRequest&>(hub), facts, request, dropped);
  if (auto error = encoder.Run()) return error;
  if (auto error = RefuseWhatIsNotCounted(*request)) return error;
  KeepWhatCounts(request);
  return std::nullopt;
}

std::vector<MediaReference> TokenCountMapping::MediaOf(const Message& hub) const {
  return WebMediaOf(static_cast<const api::ChatCompletionRequest&>(hub));
}

std::optional<Error> TokenCountMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  const auto& answer = static_cast<const wire::CountTokensResponse&>(wire);
  if (!answer.has_input_tokens()) {
    return BrokenAnswer("upstream_invalid_answer", "bedrock answered with something that is not a count");
  }
  auto* count = static_cast<api::TokenCount*>(hub);
  count->set_object("token_count");
  count->set_input_tokens(answer.input_tokens());
  count->set_model(std::string(facts.model));
  TakeExtras(answer.extra(), count);
  return std::nullopt;
}

}  // namespace portolan::providers::bedrock
