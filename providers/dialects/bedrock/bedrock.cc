#include "providers/dialects/bedrock/bedrock.h"

#include <array>

#include "bedrock/v1/embedding.pb.h"
#include "bedrock/v1/request.pb.h"
#include "bedrock/v1/response.pb.h"
#include "bedrock/v1/tokens.pb.h"
#include "providers/dialects/bedrock/chat.h"
#include "providers/dialects/bedrock/errors.h"
#include "providers/dialects/bedrock/nova_embedding.h"
#include "providers/dialects/bedrock/titan_embedding.h"
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

Accounting CountedEmbeddings(std::string_view tokens) {
  Accounting counted;
  counted.input = {tokens};
  counted.input_header = kInputTokensHeader;
  counted.error = {"message", "__type"};
  return counted;
}

// One text at a time, by InvokeModel.
Form TitanForm(std::string_view style, const Mapping& mapping) {
  return {.operation = operation::kEmbedding,
          .style = style,
          .request = &wire::TitanEmbedRequest::default_instance(),
          .answer = &wire::TitanEmbedResponse::default_instance(),
          .accounting = CountedEmbeddings("inputTextTokenCount"),
          .mapping = &mapping,
          .max_inputs = 1};
}

Form NovaForm(const Mapping& mapping) {
  return {.operation = operation::kEmbedding,
          .style = "nova",
          .request = &wire::NovaEmbedRequest::default_instance(),
          .answer = &wire::NovaEmbedResponse::default_instance(),
          .accounting = CountedEmbeddings("inputTokenCount"),
          .mapping = &mapping,
          .max_inputs = 1};
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
  const bedrock::TitanMapping titan_v1_{bedrock::TitanMapping::Kind::kFirstTexts};
  const bedrock::TitanMapping titan_{bedrock::TitanMapping::Kind::kTexts};
  const bedrock::TitanMapping titan_image_{bedrock::TitanMapping::Kind::kImages};
  const bedrock::NovaMapping nova_;
  const std::array<Form, 6> forms_ = {Form{.operation = operation::kChat,
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
                                           .fetches_media = true},
                                      // Which of these a model has is told by its name, in the rows.
                                      TitanForm("titan_v1", titan_v1_), TitanForm("titan", titan_),
                                      TitanForm("titan_image", titan_image_), NovaForm(nova_)};
};

}  // namespace

const Dialect& BedrockDialect() {
  static const Bedrock dialect;
  return dialect;
}

}  // namespace portolan::providers
