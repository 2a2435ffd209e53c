#pragma once

// Answers of one form where the caller asked for the other: some servers stream what was to come whole, or
// the reverse. Pure; between typed messages of the hub.

#include <google/protobuf/message.h>

#include <string_view>

#include "providers/provider.h"

namespace portolan::core {

// Puts the chunks of a stream together to one answer. Of chat and completions; chunks of other types add
// nothing.
class AnswerJoiner {
 public:
  // `answer` is empty, of an operation's response type, and outlives the joiner.
  explicit AnswerJoiner(google::protobuf::Message* answer) : answer_(*answer) {}

  void Add(const google::protobuf::Message& chunk);
  // What only shows at the end: an answer that is calls alone has no text, and each choice has a reason for
  // its end.
  void Finish();

 private:
  google::protobuf::Message& answer_;
};

// The chunks that say what a whole answer says: for each choice its message, then its end; then the usage in
// a chunk of its own, if the caller asked for it. Adds none if `answer` has no choices or is of another
// operation than chat and completions.
void SplitAnswer(const google::protobuf::Message& answer, bool include_usage, providers::MessageSink& out);

}  // namespace portolan::core
