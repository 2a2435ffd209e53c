#pragma once

// Turns the hub's chat request into Anthropic's. One encoder per call; each concern has a file of its own.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "anthropic/v1/request.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/claude_models.h"
#include "providers/dialects/common/member_path.h"
#include "providers/dialects/common/reasoning_details.h"
#include "providers/dialects/common/tool_ids.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

namespace api = ::portolan::v1;
namespace wire = ::anthropic::v1;

using Blocks = google::protobuf::RepeatedPtrField<api::ContentBlock>;
using Extras = google::protobuf::RepeatedPtrField<api::Extra>;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestEncoder {
 public:
  // All arguments must outlive the encoder. `wire` must be empty.
  RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts, wire::MessagesRequest* wire,
                 DroppedMembers* dropped);

  std::optional<Error> Run();

 private:
  enum class Role : uint8_t { kSystem, kUser, kAssistant, kTool };

  // request_messages.cc: the conversation.
  bool EncodeMessages();
  void CutPrefill();
  bool EncodeMessage(const api::Message& message, const MemberPath& path);
  bool EncodeSystem(const api::Message& message, const MemberPath& path);
  bool EncodeUser(const api::Message& message, const MemberPath& path);
  bool EncodeAssistant(const api::Message& message, const MemberPath& path);
  bool EncodeToolCall(const api::ToolCall& call, const MemberPath& path, Blocks* blocks);
  bool EncodeToolResult(const api::Message& message, const MemberPath& path);
  void EncodeArguments(const api::FunctionCall& function, const MemberPath& path, api::ContentBlock* block);
  // `thoughts`: what the message's reasoning_details come to.
  void DropMessageMembers(const api::Message& message, Role role, const MemberPath& path,
                          const ClaudeThoughts& thoughts = {});

  // request_content.cc: what a message says.
  bool AppendContent(const api::Message& message, Role role, const MemberPath& path, Blocks* blocks);
  bool AppendPart(const api::ContentPart& part, Role role, const MemberPath& path, Blocks* blocks);
  bool AppendImage(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  bool AppendFile(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  bool FillFromDataUrl(std::string_view url, const MemberPath& path, api::ContentBlock* block);
  bool FillFromUrl(std::string_view url, bool image, const MemberPath& path, api::ContentBlock* block);
  void FinishPart(const api::ContentPart& part, std::span<const std::string_view> known,
                  const MemberPath& path, api::ContentBlock* block);

  // request_native.cc: what the caller wrote in Anthropic's own form.
  void CopyGivenBlocks(const api::Message& message, const MemberPath& path, Blocks* blocks);
  bool AppendNativePart(const api::ContentPart& part, Role role, const MemberPath& path, Blocks* blocks);
  void MendGivenCall(const MemberPath& path, api::ContentBlock* block);
  void MendGivenResult(api::ContentBlock* block);
  void MendNativeMembers();

  // request_tools.cc: tools and the choice among them.
  bool EncodeTools();
  bool EncodeTool(const api::Tool& tool, const MemberPath& path);
  bool EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path, wire::Tool* out);
  void EncodeWebSearch();
  bool EncodeToolChoice();
  bool EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path, wire::ToolChoice* out);
  bool KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path);

  // request_thinking.cc: reasoning.
  bool EncodeThinking();
  bool EncodeEffort(std::string_view effort);
  void EncodeThinkingBudget(std::string_view effort);

  // request_parameters.cc: the rest.
  bool RefuseWhatIsMissing();
  void EncodeMaxTokens();
  void RaiseMaxTokens(int64_t budget);
  bool EncodeSampling();
  void EncodeStop();
  bool EncodeResponseFormat();
  void EncodeUserId();
  void EncodeServiceTier();
  void DropParameters();
  bool EncodeExtras();

  // Sets the error and returns false.
  bool Fail(std::string code, std::string message, std::string path);
  bool Fail(std::string code, std::string message, const MemberPath& path) {
    return Fail(std::move(code), std::move(message), path.ToString());
  }
  void Drop(std::string path) { dropped_->push_back(std::move(path)); }
  void Drop(const MemberPath& path) { Drop(path.ToString()); }
  // Copies the members named in `known`, unless `to` has them already, and records all others as dropped.
  // Nulls are neither copied nor recorded.
  void TakeExtras(const Extras& from, std::span<const std::string_view> known, const MemberPath* parent,
                  Extras* to);
  void AddSystemText(std::string_view text);
  // Puts a message's cache mark on its last block, unless that has one already.
  static void MarkLast(const api::Message& message, Blocks* blocks);
  // The number, from 1, of the message being written. Ids that the caller left out are made of it.
  int MessageNumber() const { return wire_->messages_size(); }

  const api::ChatCompletionRequest& hub_;
  const CallFacts& facts_;
  wire::MessagesRequest* wire_;
  DroppedMembers* dropped_;
  const ClaudeTraits traits_;
  std::optional<Error> error_;
  ToolIds tool_ids_;
  bool conversation_begun_ = false;    // a message of another role than system has been met
  bool last_is_tool_results_ = false;  // the last message of `wire_` was made of tool messages
  bool next_is_tool_ = false;          // the message after this one is of role tool
  bool thinking_is_derived_ = false;   // from reasoning_effort, not as the caller wrote it
};

// The image formats that the API takes.
bool IsImageType(std::string_view media_type);
// A media type in lower case, and for images in the API's spelling.
std::string ImageType(std::string_view media_type);

// Marks a block for the cache if its part is marked, by OpenAI's breakpoint or Anthropic's, which mean the
// same.
void MarkForCache(const api::ContentPart& part, api::ContentBlock* block);

bool HasExtra(const Extras& extras, std::string_view name);

// Wraps a call's arguments that are not a JSON object: an object that has them as text.
std::string AsArgumentsObject(std::string_view text);

// The text of a JSON string; any other value as it is, and "" for null.
std::string AsText(std::string_view json);

}  // namespace portolan::providers::anthropic
