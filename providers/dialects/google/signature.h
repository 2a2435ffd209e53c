#pragma once

// Where Google's thought signatures travel in the hub.
//
// Google's own OpenAI endpoint puts them into a member `extra_content` of tool calls and of messages, as
// `{"google":{"thought_signature":"…"}}`. Callers that send back what they got bring them along, whatever
// OpenAI SDK they use. A message's `google` has two members more: `alone`, if the signature came without
// text, as it often does in streams (Google forbids to join parts with signatures and parts without); and
// `parts`, those of the API's own tools, as they came.

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/message.pb.h"
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

// Signatures that a past message has in OpenRouter's form: see common/reasoning_details.h. An encrypted
// detail with the id of a call is that call's; one that names none is the first call's, or else the
// message's.
struct KeptSignatures {
  std::vector<std::string> of_calls = {};  // by their places; empty: it has none
  std::string of_message = {};
  std::vector<int> lost = {};  // elements of the list that are none
  bool any = false;
};
KeptSignatures KeptSignaturesOf(const v1::Message& message);

// What `extra_content` says of a message.
struct GoogleContent {
  std::string signature;
  bool alone = false;
  std::vector<std::string> parts = {};  // each one JSON object
};

// Adds `extra_content`, unless there is nothing to say. Each part gets its number as `index`, by which SDKs
// put streams together.
void AddGoogleContent(const GoogleContent& content, Extras* extras);
void AddSignature(std::string_view signature, Extras* extras);

}  // namespace portolan::providers::gemini
