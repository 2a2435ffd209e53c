#pragma once

// A request, an answer or a chunk on its way through middleware: JSON in the words of the door, or a message
// of the hub, whichever each of them wants. Either is made of the other only when it is asked for. Internal
// to core/.

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/codec/codec.h"
#include "server/core/call.h"
#include "server/middleware/middleware.h"

namespace portolan::core {

// What a body is of.
enum class BodyOf : uint8_t { kRequest, kAnswer, kChunk };

class ChainBody {
 public:
  // `operation` must outlive this.
  ChainBody(const OperationSpec& operation, BodyOf of);

  // What it is at first. The text must outlive this, as must the message. A text of a type that the gateway
  // does not know is handed on as it is.
  void SetJson(std::string_view json) { json_ = json; }
  void SetMessage(const google::protobuf::Message& message) { message_ = &message; }
  // A message of this operation in wire format. False if it is none.
  bool SetWire(std::string_view wire);
  // A JSON text that this is to keep.
  void KeepJson(std::string json);

  // What a middleware gets.
  middleware::BodyView View(middleware::BodyForm form);
  // Takes what one has put in its place. Returns why it cannot be that; empty: it is.
  std::string Take(middleware::Body body);

  // Some middleware has put something else in its place.
  bool changed() const { return changed_; }
  // The body as JSON, valid until it changes.
  std::string_view Json();
  // The body as a message of the door's type; nullptr if it cannot be one.
  const google::protobuf::Message* Typed();

 private:
  std::unique_ptr<google::protobuf::Message> New() const;

  const codec::MessagePlan* plan_;
  const google::protobuf::Message* prototype_;  // null: nothing is known of it
  const bool typed_;                            // middleware may have it as a message
  const codec::Strictness strictness_;
  bool changed_ = false;
  std::optional<std::string_view> json_;
  std::string text_;  // what was made or taken
  const google::protobuf::Message* message_ = nullptr;
  std::unique_ptr<google::protobuf::Message> owned_;  // likewise
};

}  // namespace portolan::core
