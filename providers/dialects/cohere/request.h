#pragma once

// Turns the hub's chat request into one for POST /v2/chat. One encoder per call; each concern has a file of
// its own.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cohere/v1/content.pb.h"
#include "cohere/v1/request.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"
#include "providers/dialects/common/tool_ids.h"
#include "providers/mapping.h"

namespace portolan::providers::cohere {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

using Parts = google::protobuf::RepeatedPtrField<wire::Part>;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestEncoder {
 public:
  // All arguments must outlive the encoder. `wire` must be empty.
  RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts, wire::ChatRequest* wire,
                 DroppedMembers* dropped);

  std::optional<Error> Run();

 private:
  enum class Role : uint8_t { kSystem, kUser, kAssistant, kTool };

  // request_messages.cc: the conversation.
  bool EncodeMessages();
  bool EncodeMessage(const api::Message& message, const MemberPath& path);
  bool EncodeSaid(const api::Message& message, Role role, const MemberPath& path);
  bool EncodeAssistant(const api::Message& message, const MemberPath& path);
  void AddReasoning(std::string_view text, bool with_calls, const MemberPath& path, wire::Message* out,
                    Parts* parts);
  bool EncodeToolCall(const api::ToolCall& call, const MemberPath& path, wire::Message* out);
  // `path`: of the arguments.
  void EncodeArguments(std::string_view name, std::string_view arguments, const MemberPath& path,
                       wire::ToolCall* call);
  bool EncodeResult(const api::Message& message, const MemberPath& path);
  void FlushMedia();
  void DropMessageMembers(const api::Message& message, Role role, const MemberPath& path);

  // request_content.cc: what a message says.
  bool AppendContent(const api::Message& message, Role role, const MemberPath& path, Parts* parts);
  bool AppendPart(const api::ContentPart& part, Role role, const MemberPath& path, Parts* parts);
  bool AppendImage(const api::ContentPart& part, Role role, const MemberPath& path, Parts* parts);
  bool AppendImageUrl(std::string_view url, std::string_view detail, const MemberPath& path, Parts* parts);
  bool AppendFile(const api::ContentPart& part, Role role, const MemberPath& path, Parts* parts);
  // A document in base64, which must be a text.
  bool AddDocument(std::string_view media_type, std::string_view base64, std::string_view title,
                   const MemberPath& path);
  void AddTextDocument(std::string_view title, std::string_view source, std::string_view text);

  // request_blocks.cc: messages in their ordered form.
  bool AppendBlocks(const api::Message& message, Role role, const MemberPath& path, wire::Message* out,
                    Parts* parts);
  void AppendOwnBlock(const api::ContentBlock& block, bool with_calls, const MemberPath& path,
                      wire::Message* out, Parts* parts);
  bool AppendBlock(const api::ContentBlock& block, Role role, const MemberPath& path, Parts* parts);
  bool AppendGivenImage(const api::ContentBlock& block, Role role, const MemberPath& path, Parts* parts);
  bool AppendGivenDocument(const api::ContentBlock& block, const MemberPath& path);
  bool AppendSearchResult(const api::ContentBlock& block, const MemberPath& path);
  bool AppendGivenResult(const api::ContentBlock& block, const MemberPath& path, Parts* parts);
  // The text of blocks that hold nothing else; `what`: for the error.
  bool TextOf(const api::BlockContent& content, std::string_view what, const MemberPath& path,
              std::string* text);

  // request_tools.cc: tools and the choice among them.
  bool EncodeTools();
  bool EncodeTool(const api::Tool& tool, const MemberPath& path);
  bool EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path);
  void EncodeStrictness();
  bool EncodeToolChoice();
  bool EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path, std::string* type,
                         std::string* name);
  bool KeepTool(std::string_view name, const MemberPath& path);
  bool KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path);

  // request_thinking.cc: reasoning.
  bool EncodeThinking();
  bool EncodeNativeThinking(const api::ThinkingConfig& thinking);
  bool EncodeEffort(std::string_view effort);

  // request_parameters.cc: the rest.
  bool RefuseWhatIsMissing();
  bool EncodeSampling();
  double Penalty(double given, std::string_view name);
  bool EncodeStop();
  bool EncodeLogprobs();
  bool EncodeResponseFormat();
  void DropParameters();
  bool EncodeExtras();
  bool EncodeNative(std::string_view name, std::string_view json);

  // Sets the error and returns false.
  bool Fail(std::string code, std::string message, std::string path);
  bool Fail(std::string code, std::string message, const MemberPath& path) {
    return Fail(std::move(code), std::move(message), path.ToString());
  }
  void Drop(std::string path) { dropped_->push_back(std::move(path)); }
  void Drop(const MemberPath& path) { Drop(path.ToString()); }
  // Records all but empty values as dropped.
  void DropExtras(const Extras& extras, const MemberPath* parent);

  const api::ChatCompletionRequest& hub_;
  const CallFacts& facts_;
  wire::ChatRequest* wire_;
  DroppedMembers* dropped_;
  const bool may_reason_;
  std::optional<Error> error_;
  ToolIds tool_ids_;
  int number_ = 0;          // of the message being written, from 1
  Parts media_;             // of results of tools, which follow these in a message of the user's
  int document_count_ = 0;  // that messages had
};

// Adds a part of this text, unless it is blank.
void AddText(std::string_view text, Parts* parts);

}  // namespace portolan::providers::cohere
