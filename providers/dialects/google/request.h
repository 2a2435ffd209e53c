#pragma once

// Turns the hub's chat request into Google's. One encoder per call; each concern has a file of its own.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemini/v1/request.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"
#include "providers/dialects/google/call_names.h"
#include "providers/dialects/google/model_traits.h"
#include "providers/dialects/google/signature.h"
#include "providers/mapping.h"

namespace portolan::providers::gemini {

namespace api = ::portolan::v1;
namespace wire = ::gemini::v1;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestEncoder {
 public:
  // All arguments must outlive the encoder. `wire` must be empty.
  RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts,
                 wire::GenerateContentRequest* wire, DroppedMembers* dropped);

  // Before Run(): the request is for Vertex AI, not for the Gemini API.
  void GoesToVertex() { sends_ids_ = sends_server_tools_ = false; }
  std::optional<Error> Run();

 private:
  // Whose words are being written. Results of functions are the user's, but stand by themselves.
  enum class Turn : uint8_t { kNone, kSystem, kUser, kModel, kResults };

  // request_messages.cc: the conversation.
  bool EncodeMessages();
  bool EncodeMessage(const api::Message& message, const MemberPath& path);
  bool EncodeAssistant(const api::Message& message, const MemberPath& path);
  bool EncodeCall(const api::ToolCall& call, const MemberPath& path);
  void AddCall(std::string_view id, std::string_view name, std::string_view arguments,
               std::string_view signature, const MemberPath& path);
  void AttachSignature(const api::Message& message);
  void SignCalls();
  void DropMessageMembers(const api::Message& message, const MemberPath& path);
  // A new part of the turn that is being written. Neighbours of one role are one turn.
  wire::Part* AddPart();
  wire::Part* AddText(std::string_view text);  // nullptr if there is none

  // request_content.cc: what a message says.
  bool AppendContent(const api::Message& message, const MemberPath& path);
  bool AppendPart(const api::ContentPart& part, const MemberPath& path);
  bool AppendImage(const api::ContentPart& part, const MemberPath& path);
  bool AppendAudio(const api::InputAudio& audio, const MemberPath& path);
  bool AppendVideo(const api::ContentPart& part, const MemberPath& path);
  bool AppendFile(const api::FilePart& file, const MemberPath& path);
  bool AppendUrl(std::string_view url, const MemberPath& path);
  bool AppendNamedFile(std::string_view id, const MemberPath& path);

  // request_blocks.cc: ordered blocks, and what answers had beside text and calls.
  bool AppendBlocks(const api::Message& message, const MemberPath& path);
  bool AppendBlock(const api::ContentBlock& block, const MemberPath& path);
  bool AppendSource(const api::ContentBlock& block, const MemberPath& path);
  bool AppendNativeParts(const Extras& extras, const MemberPath& path);
  bool AppendNativePart(std::string_view json, const MemberPath& path);
  bool AppendImages(const Extras& extras, const MemberPath& path);

  // request_results.cc: what functions answered.
  bool EncodeResult(const api::Message& message, const MemberPath& path);
  wire::FunctionResponse* PlaceResult(int place);
  bool AppendResultMedia(const api::Message& message, const MemberPath& path);

  // request_tools.cc: tools and the choice among them.
  bool EncodeTools();
  bool EncodeTool(const api::Tool& tool, const MemberPath& path);
  void EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path);
  void EncodeWebSearch();
  bool EncodeToolChoice();
  bool EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path,
                         wire::FunctionCallingConfig* out);
  bool EncodeAllowedTools(const api::AllowedTools& allowed, const MemberPath& path,
                          wire::FunctionCallingConfig* out);
  bool HasFunction(std::string_view name) const;

  // request_thinking.cc: reasoning.
  bool EncodeThinking();
  bool EncodeEffort(std::string_view effort);
  bool EncodeNativeThinking(const api::ThinkingConfig& thinking);
  void SetBudget(int64_t budget, std::string_view member);
  void SetLevel(std::string_view level);
  void ThinkLeast(std::string_view member);

  // request_parameters.cc: the rest.
  bool RefuseWhatIsMissing();
  bool EncodeSampling();
  bool EncodeStop();
  bool EncodeResponseFormat();
  bool EncodeModalities();
  void EncodeLogprobs();
  void EncodeServiceTier();
  void DropParameters();

  // request_native.cc: what the caller wrote in Google's own form.
  bool EncodeExtras();
  bool EncodeNativeMember(std::string_view name, std::string_view json, const MemberPath& path);
  template <typename M>
  bool AddNative(std::string_view name, std::string_view json, const MemberPath& path, M* to);

  // Sets the error and returns false.
  bool Fail(std::string code, std::string message, std::string path);
  bool Fail(std::string code, std::string message, const MemberPath& path) {
    return Fail(std::move(code), std::move(message), path.ToString());
  }
  void Drop(std::string path) { dropped_->push_back(std::move(path)); }
  void Drop(const MemberPath& path) { Drop(path.ToString()); }
  // Records all members but those named in `known` as dropped. Empty ones ask for nothing.
  void DropExtras(const Extras& extras, const MemberPath& parent,
                  std::span<const std::string_view> known = {});
  wire::GenerationConfig* Config() { return wire_->mutable_generation_config(); }

  const api::ChatCompletionRequest& hub_;
  const CallFacts& facts_;
  wire::GenerateContentRequest* wire_;
  DroppedMembers* dropped_;
  const ModelTraits traits_;
  bool sends_ids_ = true;           // of calls
  bool sends_server_tools_ = true;  // includeServerSideToolInvocations
  std::optional<Error> error_;
  CallNames calls_;
  KeptSignatures kept_;               // of the message that is being written
  Turn turn_ = Turn::kNone;           // of the message that is being written
  Turn last_turn_ = Turn::kNone;      // of the last content of `wire_`
  wire::Part* last_part_ = nullptr;   // that AddPart() made, of this message
  wire::Content* results_ = nullptr;  // of the model's last turn, if there are any yet
  std::vector<int> results_order_;    // for each part of results_, which call it answers
};

// Google's spelling of a member: `safety_settings` as `safetySettings`.
std::string CamelCase(std::string_view name);

}  // namespace portolan::providers::gemini
