#pragma once

// Turns the hub's chat request into one for POST /api/chat. One encoder per call.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "ollama/v1/chat.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"
#include "providers/mapping.h"

namespace portolan::providers::ollama {

namespace api = ::portolan::v1;
namespace wire = ::ollama::v1;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestEncoder {
 public:
  // All arguments must outlive the encoder. `wire` must be empty; `hub` has no ordered blocks.
  RequestEncoder(const api::ChatCompletionRequest& hub, const CallFacts& facts, wire::ChatRequest* wire,
                 DroppedMembers* dropped)
      : hub_(hub), facts_(facts), wire_(wire), dropped_(dropped) {}

  std::optional<Error> Run();

 private:
  // request_messages.cc: the conversation.
  bool EncodeMessages();
  bool EncodeMessage(const api::Message& message, const MemberPath& path);
  bool EncodeContent(const api::Content& content, const MemberPath& path, wire::Message* out);
  bool EncodePart(const api::ContentPart& part, const MemberPath& path, wire::Message* out);
  bool EncodeImage(std::string_view url, const MemberPath& path, wire::Message* out);
  bool EncodeFile(const api::FilePart& file, const MemberPath& path, wire::Message* out);
  bool EncodeCall(const api::ToolCall& call, const MemberPath& path, wire::Message* out);
  void EncodeArguments(std::string_view arguments, const MemberPath& path, wire::FunctionCall* out);
  void NameResult(const api::Message& message, wire::Message* out) const;

  // request.cc: the rest.
  bool RefuseWhatIsMissing();
  bool EncodeTools();
  bool EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path);
  bool EncodeToolChoice();
  bool EncodeResponseFormat();
  void EncodeLogprobs();
  bool EncodeEffort();
  void DropParameters();
  bool EncodeExtras();

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
  std::optional<Error> error_;
  std::unordered_map<std::string, std::string> functions_;  // of the calls so far, by their ids
};

}  // namespace portolan::providers::ollama
