#pragma once

// What a model thought, in the form of OpenRouter, which other gateways share: `reasoning_details`, a list in
// the assistant's message. Callers send it back with the history, to whichever provider comes next.
// Source: openrouter.ai/docs/guides/best-practices/reasoning-tokens, "Preserving reasoning".

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/content_block.pb.h"
#include "portolan/v1/message.pb.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers {

inline constexpr std::string_view kReasoningDetails = "reasoning_details";
// The `type` of what only its maker can read.
inline constexpr std::string_view kEncryptedReasoning = "reasoning.encrypted";
// Whose signatures and data they are: `format`.
inline constexpr std::string_view kClaudeFormat = "anthropic-claude-v1";
inline constexpr std::string_view kGeminiFormat = "google-gemini-v1";

struct ReasoningDetail {
  int at = 0;              // of its element in the list, or of the first, if several are one
  std::string type;        // `reasoning.text`, `reasoning.summary`, `reasoning.encrypted`
  std::string format;      // empty: not told
  std::string id;          // of `google-gemini-v1`: the call that `data` belongs to
  std::string text;        // of `reasoning.text`
  std::string signature;   // likewise; empty: nobody signed it
  std::string data;        // of `reasoning.encrypted`
  std::string_view index;  // as it stands
};

// The elements of a message's `reasoning_details`, in their order. Pieces of a text, as streams bring them
// and some callers keep them, are one, up to the signature that ends it. Empty if the message has none, or
// has `content_blocks`, which say all that it says.
std::vector<ReasoningDetail> ReasoningDetailsOf(const v1::Message& message);

// What Claude is told again of a past message.
struct ClaudeThoughts {
  std::vector<v1::ContentBlock> blocks;  // `thinking` with its signature, `redacted_thinking`
  std::vector<int> lost;                 // elements that none of them holds
};
ClaudeThoughts ClaudeThoughtsOf(const v1::Message& message);

}  // namespace portolan::providers
