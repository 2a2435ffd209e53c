#include "providers/dialects/bedrock/bedrock.h"

#include <array>

#include "bedrock/v1/request.pb.h"
#include "bedrock/v1/response.pb.h"
#include "bedrock/v1/tokens.pb.h"
#include "providers/dialects/bedrock/chat.h"
#include "providers/dialects/bedrock/errors.h"
#include "providers/dialects/bedrock/token_count.h"

namespace portolan::providers {
namespace {

namespace wire = ::bedrock::v1;

Accounting Counted() {
  Accounting counted;
  counted.input = {"usage.inputTokens|metadata.usage.inputTokens",
                   "usage.cacheReadInputTokens|metadata.usage.cacheReadInputTokens",
                   "usage.cacheWriteInputTokens|metadata.usage.cacheWriteInputTokens"};
  counted.output = {"usage.outputTokens|metadata.usage.outputTokens"};
  counted.cached = {"usage.cacheReadInputTokens|metadata.usage.cacheReadInputTokens"};
  counted.finish = {"stopReason", "messageStop.stopReason"};
  counted.content = {"output.message.content", "contentBlockStart.start.toolUse", "contentBlockDelta.delta"};
  // An error that came under a good status has these alone.
  counted.error = {"message", "__type"};
  return counted;
}

class Bedrock final : public Dialect {
 public:
  std::string_view name() const override { return "bedrock"; }
  std::span<const Form> forms() const override { return forms_; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return bedrock::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  const bedrock::ChatMapping chat_;
  const bedrock::TokenCountMapping token_count_;
  const std::array<Form, 2> forms_ = {Form{.operation = operation::kChat,
                                           .path = "/model/{model}/converse",
                                           .stream_path = "/model/{model}/converse-stream",
                                           .request = &wire::ConverseRequest::default_instance(),
                                           .answer = &wire::ConverseResponse::default_instance(),
                                           .event = &wire::StreamEvent::default_instance(),
                                           .framing = Framing::kAwsEventStream,
                                           .accounting = Counted(),
                                           .mapping = &chat_,
                                           .fetches_media = true},
                                      Form{.operation = operation::kCountTokens,
                                           .path = "/model/{model}/count-tokens",
                                           .request = &wire::CountTokensRequest::default_instance(),
                                           .answer = &wire::CountTokensResponse::default_instance(),
                                           .accounting = {.error = {"message", "__type"}},
                                           .mapping = &token_count_,
                                           .fetches_media = true}};
};

}  // namespace

const Dialect& BedrockDialect() {
  static const Bedrock dialect;
  return dialect;
}

}  // namespace portolan::providers
