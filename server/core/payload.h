#pragma once

// The request of one call: the text or the message that it came as. Either is made from the other only when
// it is asked for. The original never changes; a target sees the original plus that target's edits.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/codec/codec.h"
#include "server/codec/splice.h"
#include "server/core/call.h"
#include "server/core/call_arena.h"

namespace portolan::core {

// Belongs to one call; not thread-safe. The messages it makes live on `arena`.
class Payload {
 public:
  Payload(const OperationSpec& operation, CallArena& arena) : operation_(operation), arena_(arena) {}

  // The form that a target will most likely ask for. A wrong guess only costs time.
  enum class Use : uint8_t { kText, kMessage };

  // Takes a JSON body, without a byte order mark before it, and checks it against the operation's request
  // type. Returns a 400 that says what is wrong and where, if it is not a JSON object or a member that the
  // gateway itself reads is wrong. All other problems are kept as `unfit`.
  std::optional<Error> TakeJson(std::string json, Use use = Use::kText);
  // Forgets the request, so that another can be taken in its place. Views of it, and messages made of it, are
  // no longer valid.
  void Reset();
  // The 400 for a known member with a value that its type does not have, or a key that occurs twice; nullptr
  // if there is none. Servers that extend the API may know better than the gateway, so the text may still be
  // relayed to one that the caller or the operator has named, but to nobody else.
  const Error* unfit() const { return unfit_ ? &*unfit_ : nullptr; }
  // Takes a typed request (REST without a body, gRPC). `message` must outlive the payload.
  void TakeMessage(google::protobuf::Message& message) { message_ = &message; }

  // The text of a top-level member's value as it came; nullopt if it is absent. Only for JSON payloads.
  std::optional<std::string_view> RawMember(const google::protobuf::FieldDescriptor* field) const;
  const google::protobuf::Message* message() const { return message_; }

  // The whole request as JSON text, as it came or encoded. Lives as long as the payload.
  std::string_view Text();

  // The typed request with `edits` applied. The original is copied only if there is something to edit.
  std::optional<Error> ToMessage(std::span<const codec::Edit> edits, const google::protobuf::Message** out);

  // The request as JSON text with `edits`: spliced into the original bytes, or encoded into *buffer where
  // there are none (or `splice` is off). The pieces point into the payload, the edits and the buffer.
  std::optional<Error> ToJson(std::span<const codec::Edit> edits, bool splice, std::string* buffer,
                              codec::GatherList* pieces);

  // Forgets the messages it has made, which may be freed then; they are made anew if they are asked for
  // again.
  void ForgetMessages();

 private:
  google::protobuf::Message* NewRequest() const;
  // Checks the members that the gateway itself reads, always strictly.
  std::optional<Error> CheckOwnMembers() const;

  const OperationSpec& operation_;
  CallArena& arena_;
  bool has_json_ = false;
  std::optional<Error> unfit_;
  std::string json_;  // as it came; for a typed request, what Text() has made
  std::vector<codec::MemberSpan> spans_;
  google::protobuf::Message* decoded_ = nullptr;  // json_, if it was decoded while it was checked
  google::protobuf::Message* message_ = nullptr;  // the original, once it is typed
};

}  // namespace portolan::core
