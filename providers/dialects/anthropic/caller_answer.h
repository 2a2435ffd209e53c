#pragma once

// Turns the hub's answers into Anthropic's message, with what whole and streamed answers have in common. All
// members that Anthropic's SDKs declare are there, null where nothing is known: their types promise them.

#include <string>
#include <string_view>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

// Fills `message`, which must be empty, from the first choice.
void EncodeAnswer(const ::portolan::v1::ChatCompletion& hub, const CallFacts& facts,
                  ::anthropic::v1::MessagesResponse* message);

// Why an answer ends, in Anthropic's words:
//
//   a native reason that is one of Anthropic's   that
//   stop                                         end_turn; stop_sequence if one was met
//   length                                       max_tokens
//   tool_calls, function_call                    tool_use if there are calls
//   content_filter                               refusal
//   any other, or none                           end_turn
//
// An answer with calls that would end as a turn does ends with tool_use: providers say `stop` there too, and
// agents would not make the calls.
std::string_view StopReason(std::string_view finish_reason, std::string_view native, bool has_stop_sequence,
                            bool has_calls);

// What is told of a refusal besides.
void FillStopDetails(std::string_view refusal, ::anthropic::v1::StopDetails* details);

// Some servers fill in what is not there with empty members (Snowflake): an empty `function_call` in every
// answer, and an empty `custom` beside the function of every call.
template <typename Function>
bool IsCall(const Function& function) {
  return !function.name().empty() || !function.arguments().empty();
}
// Whether a call, or a piece of one, is of a custom tool.
template <typename Call>
bool IsCustom(const Call& call) {
  return call.has_custom() &&
         (!call.has_function() || !call.custom().name().empty() || !call.custom().input().empty());
}

// The id of a message begins with `msg_`.
std::string MessageId(std::string_view id);

// Sets all counts, 0 where the provider did not report any. `hub` may be empty.
void EncodeUsage(const ::portolan::v1::Usage& hub, ::anthropic::v1::Usage* to);
// The same for the end of a stream, where usage has fewer members.
void EncodeFinalUsage(const ::portolan::v1::Usage& hub, ::anthropic::v1::Usage* to);

// `standard` or `priority`; empty if there is no word for it.
std::string_view UsedTier(std::string_view service_tier);

// A message without content, as it stands in `message_start`, and its usage without counts.
void BeginMessage(std::string_view id, std::string_view model, ::anthropic::v1::MessagesResponse* message);

// Blocks as they begin in a stream, without text.
void BeginText(::portolan::v1::ContentBlock* block);
void BeginThinking(::portolan::v1::ContentBlock* block);
// A thinking block has a signature, an empty one where nobody signed it: the SDKs' types require the member.
void RequireSignature(::portolan::v1::ContentBlock* block);
void BeginToolUse(std::string id, std::string name, ::portolan::v1::ContentBlock* block);

// The arguments that a model wrote, as the input of a call: an object, whatever they are.
std::string InputOf(const std::string& arguments);

// Records that a member is null.
template <typename M>
void SetNull(std::string_view name, M* message) {
  auto* extra = message->add_extra();
  extra->set_name(std::string(name));
  extra->set_json("null");
}

}  // namespace portolan::providers::anthropic
