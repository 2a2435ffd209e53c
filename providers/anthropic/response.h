#pragma once

// Anthropic's message as the hub's answer, and what whole and streamed answers have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/provider.h"

namespace portolan::providers::anthropic {

namespace api = ::portolan::v1;
namespace wire = ::anthropic::v1;

// Fills `hub`, which is empty. Returns an Error (502) for an object that is no message.
std::optional<Error> DecodeMessage(const wire::MessagesResponse& message, const CallFacts& facts,
                                   api::ChatCompletion* hub);

// OpenAI's word for a stop reason; one that is not known stays as it is.
//   end_turn, stop_sequence, pause_turn, none → stop    tool_use → tool_calls    refusal → content_filter
//   max_tokens, model_context_window_exceeded → length
// Servers that are compatible end answers with calls in all manner of ways: if `has_calls`, all but the last
// two, which say that a call may be cut short or is not to be made, are tool_calls. A `pause_turn`
// (Anthropic's own tools were cut short; the message is to be sent back for more) is told from the others by
// `native_finish_reason`.
std::string_view FinishReason(std::string_view stop_reason, bool has_calls);

// OpenAI's word for the tier that served the call.
std::string_view ServiceTier(std::string_view tier);

// Takes over the counts that `report` has. Anthropic's reports hold totals: a later one replaces an earlier
// one.
void MergeUsage(const wire::Usage& report, wire::Usage* total);

// OpenAI's prompt tokens include those read from the cache and written to it, Anthropic's do not.
void TranslateUsage(const wire::Usage& from, api::Usage* to);

// The page that a citation names, as an annotation of the characters [begin, end); false if it names none.
bool TranslateCitation(const api::Citation& citation, int64_t begin, int64_t end, api::Annotation* out);

// The number of characters (code points) of a text.
int64_t CountCharacters(std::string_view utf8);

// Copies members that the hub does not describe, without nulls.
template <typename M>
void CopyExtras(const google::protobuf::RepeatedPtrField<api::Extra>& from, M* to) {
  for (const api::Extra& extra : from) {
    // A name that means something else in the hub is not taken over.
    if (extra.json() == "null" || M::descriptor()->FindFieldByName(extra.name()) != nullptr) continue;
    *to->add_extra() = extra;
  }
}

}  // namespace portolan::providers::anthropic
