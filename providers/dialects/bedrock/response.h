#pragma once

// Turns an answer of Converse into the hub's, with what whole and streamed answers have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bedrock/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/mapping.h"

namespace portolan::providers::bedrock {

namespace api = ::portolan::v1;
namespace wire = ::bedrock::v1;

// Fills `hub`, which must be empty. Returns an Error (502) if the object is no answer.
std::optional<Error> DecodeAnswer(const wire::ConverseResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub);

// OpenAI's word for a stop reason; an unknown one is `stop`:
//
//   end_turn, stop_sequence, none               stop
//   tool_use                                    tool_calls
//   guardrail_intervened, content_filtered      content_filter
//   max_tokens, model_context_window_exceeded   length
//
// If `has_calls`, the first line becomes tool_calls too; all others say that a call must not be made, may be
// cut short, or (malformed_tool_use, malformed_model_output) is broken.
std::string_view FinishReason(std::string_view stop_reason, bool has_calls);

// Converse names neither the answer nor the model.
std::string AnswerId(const CallFacts& facts);

// OpenAI's prompt tokens include those read from the cache and written to it, Bedrock's input tokens do not.
// Nothing is set where nothing is reported.
void TranslateUsage(const wire::TokenUsage& from, api::Usage* to);

// What a source said, in the shape of the hub's ordered content.
void TranslateCitation(const wire::Citation& from, api::Citation* to);
// Makes the page that a citation names an annotation of the characters [begin, end); false if it names none.
bool TranslateAnnotation(const wire::Citation& from, int64_t begin, int64_t end, api::Annotation* out);

// Blocks in the shape of the hub's ordered content.
void TranslateCall(const wire::ToolUseBlock& from, api::ContentBlock* to);
void TranslateResult(const wire::AnswerResult& from, api::ContentBlock* to);
void TranslateImage(const wire::MediaBlock& from, api::ContentBlock* to);
// Whether Bedrock makes the call itself: it is none for the caller.
bool IsServerCall(const wire::ToolUseBlock& call);

// `{"type":"image_url","image_url":{"url":"data:…"}}`, an element of a message's member `images`, where
// servers of OpenAI's API put pictures that a model has made.
std::string ImageJson(const wire::MediaBlock& image);

// Copies members that the hub does not describe. `p` is padding that hides how long an event is.
template <typename M>
void TakeExtras(const Extras& from, M* to) {
  CopyExtras(from, to, /*padding=*/"p");
}

}  // namespace portolan::providers::bedrock
