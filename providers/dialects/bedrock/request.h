#pragma once

// Turns the hub's chat request into one for Converse. One encoder per call; each concern has a file of its
// own.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bedrock/v1/request.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/bedrock/model.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"
#include "providers/dialects/common/reasoning_details.h"
#include "providers/dialects/common/tool_ids.h"
#include "providers/mapping.h"

namespace portolan::providers::bedrock {

namespace api = ::portolan::v1;
namespace wire = ::bedrock::v1;

// 64 are allowed; a number may follow.
inline constexpr size_t kLongestToolId = 56;

using Blocks = google::protobuf::RepeatedPtrField<wire::ContentBlock>;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestEncoder {
 public:
  // All arguments must outlive the encoder. `wire` must be empty.
  RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts, wire::ConverseRequest* wire,
                 DroppedMembers* dropped);

  std::optional<Error> Run();

 private:
  enum class Role : uint8_t { kSystem, kUser, kAssistant, kTool };

  // request_messages.cc: the conversation.
  bool EncodeMessages();
  bool EncodeMessage(const api::Message& message, const MemberPath& path);
  Blocks* SystemBlocks();
  bool EncodeAssistant(const api::Message& message, const MemberPath& path, Blocks* blocks);
  bool AppendAnswer(const api::Message& message, const MemberPath& path, Blocks* blocks);
  bool EncodeToolCall(const api::ToolCall& call, const MemberPath& path, Blocks* blocks);
  bool EncodeToolResult(const api::Message& message, const MemberPath& path, Blocks* blocks);
  void EncodeArguments(const api::FunctionCall& function, const MemberPath& path, wire::ToolUseBlock* call);
  bool CheckResult(const wire::ToolResultBlock& result, const MemberPath& path);
  void MarkResult(const api::Message& message, const MemberPath& path, Blocks* blocks);
  void FinishResult(bool failed, wire::ToolResultBlock* result);
  // `thoughts`: what the message's reasoning_details come to.
  void DropMessageMembers(const api::Message& message, Role role, const MemberPath& path,
                          const ClaudeThoughts& thoughts = {});
  void FinishMessages();

  // request_content.cc: what a message says.
  bool AppendContent(const api::Message& message, Role role, const MemberPath& path, Blocks* blocks);
  bool AppendPart(const api::ContentPart& part, Role role, const MemberPath& path, Blocks* blocks);
  bool AppendImage(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  bool AppendVideo(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  bool AppendAudio(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  bool AppendFile(const api::ContentPart& part, const MemberPath& path, Blocks* blocks);
  // `name`: of the file, if it has one; it may tell what the bytes are.
  bool AppendFromUrl(std::string_view url, std::string_view name, const MemberPath& path, Blocks* blocks);
  bool AppendMedia(std::string_view media_type, std::string_view name, wire::MediaSource source,
                   const MemberPath& path, Blocks* blocks);
  void AppendDocument(std::string_view format, std::string_view name, wire::MediaSource source,
                      Blocks* blocks);
  void MarkForCache(const api::CacheControl* mark, const MemberPath& path, Blocks* blocks);

  // request_blocks.cc: messages in their ordered form.
  bool AppendGivenBlocks(const api::Message& message, const MemberPath& path, Blocks* blocks);
  bool AppendGivenBlock(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks);
  bool AppendGivenMedia(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks);
  bool AppendGivenResult(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks);
  bool AppendGivenSearchResult(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks);
  void AppendGivenCall(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks);

  // request_tools.cc: tools and the choice among them.
  bool EncodeTools();
  bool EncodeTool(const api::Tool& tool, const MemberPath& path);
  bool EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path);
  bool EncodeWebSearch();
  bool EncodeToolChoice();
  bool EncodeNoChoice(const MemberPath& path);
  bool EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path, std::string* type,
                         std::string* name);
  void EncodeNativeChoice(std::string_view type, std::string_view name);
  bool KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path);
  void OfferToolsOfHistory();

  // request_reasoning.cc: reasoning.
  bool EncodeReasoning();
  bool EncodeThinking();
  bool EncodeClaudeEffort(std::string_view effort);
  void EncodeThinkingBudget(int64_t budget);
  void EncodeNovaEffort(std::string_view effort);

  // request_parameters.cc: the rest.
  bool RefuseWhatIsMissing();
  void EncodeMaxTokens();
  bool EncodeSampling();
  void EncodeTopK();
  void EncodeStop();
  bool EncodeResponseFormat();
  void EncodeMetadata();
  void EncodeServiceTier();
  void DropParameters();
  bool EncodeExtras();
  bool MergeAdditionalFields(std::string_view given, std::string_view name);

  // Sets the error and returns false.
  bool Fail(std::string code, std::string message, std::string path);
  bool Fail(std::string code, std::string message, const MemberPath& path) {
    return Fail(std::move(code), std::move(message), path.ToString());
  }
  void Drop(std::string path) { dropped_->push_back(std::move(path)); }
  void Drop(const MemberPath& path) { Drop(path.ToString()); }
  // Records all but empty values as dropped.
  void DropExtras(const Extras& extras, const MemberPath* parent);
  // A field that goes to the model as it is.
  void AddField(std::string_view name, std::string json) { fields_.emplace_back(name, std::move(json)); }
  void AddSystemText(std::string_view text) { wire_->add_system()->set_text(std::string(text)); }

  const api::ChatCompletionRequest& hub_;
  const CallFacts& facts_;
  wire::ConverseRequest* wire_;
  DroppedMembers* dropped_;
  const Model model_;
  std::optional<Error> error_;
  ToolIds tool_ids_{kLongestToolId};
  int number_ = 0;  // of the message being written, from 1
  // The names of documents that are taken, and how many were made of each.
  absl::flat_hash_map<std::string, int> document_names_;
  bool forced_call_ = false;          // a tool must be called
  bool thinking_is_derived_ = false;  // from reasoning_effort, not as the caller wrote it
  std::vector<std::pair<std::string, std::string>> fields_;  // of additionalModelRequestFields
};

// Whether a block is, or belongs to, a tool's result.
bool IsToolResult(const wire::ContentBlock& block);

// A text as a name that Converse takes for a document: letters, digits, single blanks, hyphens, parentheses
// and square brackets, 200 at most. Empty if nothing remains.
std::string DocumentName(std::string_view filename);

}  // namespace portolan::providers::bedrock
