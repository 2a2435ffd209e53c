#pragma once

// Why answers end, in Google's words and in OpenAI's.

#include <string>
#include <string_view>

#include "gemini/v1/response.pb.h"

namespace portolan::providers::gemini {

// Google's word for why an answer ends; empty while it goes on. Numbers are turned into words where all of
// Google's APIs number alike; others stay numbers.
std::string NativeReason(const ::gemini::v1::Candidate& candidate);

// OpenAI's word for it:
//
//   STOP, OTHER, MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, TOO_MANY_TOOL_CALLS, NO_IMAGE,
//   IMAGE_OTHER, CONTINUATION, none, and any other                       stop
//   MAX_TOKENS                                                           length
//   SAFETY, RECITATION, LANGUAGE, BLOCKLIST, PROHIBITED_CONTENT, SPII,
//   IMAGE_SAFETY, IMAGE_PROHIBITED_CONTENT, IMAGE_RECITATION             content_filter
//
// Google says STOP of calls too: if `has_calls`, all reasons become tool_calls but those of the last two
// lines, which say that a call may be cut short or must not be made.
std::string_view FinishReason(std::string_view native, bool has_calls);

// Why the prompt was blocked, in Google's word; empty if it was not.
std::string BlockReason(const ::gemini::v1::GenerateContentResponse& answer);

}  // namespace portolan::providers::gemini
