#pragma once

// What an answer and a piece of a streamed one have in common.

#include <optional>
#include <string>
#include <string_view>

#include "ollama/v1/chat.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers::ollama {

namespace api = ::portolan::v1;
namespace wire = ::ollama::v1;

// Fills the empty `hub` from a whole answer.
std::optional<Error> DecodeAnswer(const wire::ChatResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub);

// An error that came under a good status.
Error Failed(std::string message);

// Seconds since 1970; `otherwise` if it tells none.
int64_t CreatedAt(const wire::ChatResponse& answer, int64_t otherwise);
// Answers have no id.
std::string AnswerId(const CallFacts& facts);
// The id of a call, the `number`th of the answer: older servers give none.
std::string CallId(const wire::ToolCall& call, const CallFacts& facts, int number);
// The arguments as a text; `{}` if there are none.
std::string ArgumentsOf(const wire::ToolCall& call);
std::string_view FinishReason(std::string_view reason, bool has_calls);
// Nothing if it tells no counts.
void TranslateUsage(const wire::ChatResponse& answer, api::Usage* to);

}  // namespace portolan::providers::ollama
