#pragma once

// Turns the request of a caller who speaks Anthropic's dialect into the hub's. One decoder per call; each
// concern has a file of its own.
//
// What comes out is said in OpenAI's members wherever these can say it, so that any provider can read it.
// Where they say less than the caller did, a message also has `content_blocks`, the caller's own blocks,
// which providers with ordered content read instead.

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "anthropic/v1/request.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/member_path.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

namespace api = ::portolan::v1;
namespace wire = ::anthropic::v1;

using Parts = google::protobuf::RepeatedPtrField<api::ContentPart>;

// Every method that returns bool returns false, with the error set, if the request cannot be expressed.
class RequestDecoder {
 public:
  // All arguments must outlive the decoder. `hub` must be empty.
  RequestDecoder(const wire::MessagesRequest& wire, const CallFacts& facts, api::ChatCompletionRequest* hub,
                 DroppedMembers* dropped);

  std::optional<Error> Run();

 private:
  // A message in the making, and the same in the caller's blocks.
  struct Draft {
    api::Message message;
    google::protobuf::RepeatedPtrField<api::ContentBlock> blocks;
    bool exact = true;  // OpenAI's members say all that the blocks do
  };

  // caller_messages.cc: the conversation.
  bool DecodeMessages();
  bool DecodeMessage(const wire::Message& message, const MemberPath& path);
  bool DecodeSystem(const wire::MessageContent& content, const MemberPath& path);
  bool DecodeUser(const wire::MessageContent& content, const MemberPath& path);
  // `user`: gets what a message of a tool cannot hold.
  bool DecodeToolResult(const api::ContentBlock& block, const MemberPath& path, Parts* user);
  bool DecodeAssistant(const wire::MessageContent& content, const MemberPath& path);
  bool DecodeAssistantBlock(const api::ContentBlock& block, const MemberPath& path, Draft* draft);
  bool DecodeToolUse(const api::ContentBlock& block, const MemberPath& path, Draft* draft);
  // Adds the draft to the conversation unless it says nothing.
  void Finish(Draft draft);

  // caller_content.cc: what a user, or a tool, says.
  bool AppendPart(const api::ContentBlock& block, const MemberPath& path, Parts* parts, bool* exact);
  bool AppendImage(const api::ContentBlock& block, const MemberPath& path, Parts* parts, bool* exact);
  bool AppendDocument(const api::ContentBlock& block, const MemberPath& path, Parts* parts, bool* exact);

  // caller_tools.cc: tools and the choice among them.
  bool DecodeTools();
  bool DecodeTool(const wire::Tool& tool, const MemberPath& path);
  bool DecodeToolChoice();

  // caller_request.cc: the rest.
  void DecodeParameters();
  void DecodeOutputConfig();
  void DecodeUserId();
  bool DecodeExtras();

  // Sets the error and returns false.
  bool Fail(std::string code, std::string message, std::string path);
  bool Fail(std::string code, std::string message, const MemberPath& path) {
    return Fail(std::move(code), std::move(message), path.ToString());
  }
  void Drop(const MemberPath& path) { dropped_->push_back(path.ToString()); }
  // Records all members that are not null as dropped.
  template <typename Extras>
  void DropAll(const Extras& extras, const MemberPath* parent) {
    for (const api::Extra& extra : extras) {
      if (extra.json() != "null") Drop(MemberPath{parent, extra.name()});
    }
  }

  const wire::MessagesRequest& wire_;
  const CallFacts& facts_;
  api::ChatCompletionRequest* hub_;
  DroppedMembers* dropped_;
  std::optional<Error> error_;
};

// Whether a message has no other fields than those of the given numbers and `extra`.
bool HasOnlyFields(const Message& message, std::span<const int> fields);

// Whether a message has no other members than those of the given field numbers; nulls do not count.
template <typename M>
bool HasOnly(const M& message, std::span<const int> fields) {
  return HasOnlyFields(message, fields) &&
         std::all_of(message.extra().begin(), message.extra().end(),
                     [](const api::Extra& e) { return e.json() == "null"; });
}

// {"type":"ephemeral","ttl":"5m"}
std::string ToJson(const api::CacheControl& mark);

}  // namespace portolan::providers::anthropic
