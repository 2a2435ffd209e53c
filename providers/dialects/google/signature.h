#pragma once

// Where Google's thought signatures travel in the hub.
//
// Google's own OpenAI endpoint puts them into a member `extra_content` of tool calls and of messages, as
// `{"google":{"thought_signature":"…"}}`. Callers that send back what they got bring them along, whatever
// OpenAI SDK they use. A message's `google` also has `parts`: those of the API's own tools, as they came.

#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/common/json.h"

namespace portolan::providers::gemini {

inline constexpr std::string_view kExtraContent = "extra_content";

// What the API takes for a signature that nobody has: it goes on without the thoughts. Source:
// ai.google.dev/gemini-api/docs/thought-signatures.
inline constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

// The signature in `extra_content`; empty if there is none.
std::string SignatureIn(const Extras& extras);
// The object under `extra_content.google`, as it stands; empty if there is none.
std::string_view GoogleContentIn(const Extras& extras);

// Adds `extra_content` with a signature, unless that is empty.
void AddSignature(std::string_view signature, Extras* extras);
// The same with parts, each one JSON object. Each gets its number as `index`, by which SDKs put streams
// together.
void AddGoogleContent(std::string_view signature, const std::vector<std::string>& parts, Extras* extras);

}  // namespace portolan::providers::gemini
