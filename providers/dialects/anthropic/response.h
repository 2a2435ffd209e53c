#pragma once

// Turns Anthropic's message into the hub's answer, with what whole and streamed answers have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

namespace api = ::portolan::v1;
namespace wire = ::anthropic::v1;

// Fills `hub`, which must be empty. Returns an Error (502) if the object is not a message.
std::optional<Error> DecodeMessage(const wire::MessagesResponse& message, const CallFacts& facts,
                                   api::ChatCompletion* hub);

// OpenAI's word for a stop reason:
//
//   end_turn, stop_sequence, pause_turn, none, and any other   stop
//   tool_use, tool_calls                                       tool_calls
//   refusal, content_filter                                    content_filter
//   max_tokens, model_context_window_exceeded, length          length
//
// Compatible servers say OpenAI's words too, and end answers with calls in all sorts of ways. So if
// `has_calls`, all reasons become tool_calls but those of the last two lines, which say that a call must not
// be made or may be cut short. `native_finish_reason` tells a `pause_turn` (Anthropic's own tools were cut
// short; the message is to be sent back for more) from the others.
std::string_view FinishReason(std::string_view stop_reason, bool has_calls);

// OpenAI's word for the tier that served the call.
std::string_view ServiceTier(std::string_view tier);

// Copies the counts that `report` has to *total. Anthropic's reports are totals: a later one replaces an
// earlier one.
void MergeUsage(const wire::Usage& report, wire::Usage* total);

// OpenAI's prompt tokens include those read from the cache and written to it, Anthropic's do not.
void TranslateUsage(const wire::Usage& from, api::Usage* to);

// Makes the page that a citation names an annotation of the characters [begin, end); false if it names none.
bool TranslateCitation(const api::Citation& citation, int64_t begin, int64_t end, api::Annotation* out);

}  // namespace portolan::providers::anthropic
