#pragma once

// Turns streams into whole answers and the reverse, for servers that send the form that the caller did not
// ask for. Pure; works on typed messages of the hub.

#include <google/protobuf/message.h>

#include <string_view>

#include "providers/provider.h"

namespace portolan::core {

// Puts the chunks of a stream together into one answer, for chat and completions; chunks of other types add
// nothing.
class AnswerJoiner {
 public:
  // `answer` must be empty, of an operation's response type, and outlive the joiner.
  explicit AnswerJoiner(google::protobuf::Message* answer) : answer_(*answer) {}

  void Add(const google::protobuf::Message& chunk);
  // Completes what only the end shows: an answer of calls only has no text, and each choice has a finish
  // reason.
  void Finish();

 private:
  google::protobuf::Message& answer_;
};

// Adds the chunks that say the same as a whole answer: for each choice its message, then its end; then, if
// the caller asked for it, the usage in a chunk of its own. Adds none if `answer` has no choices or is not of
// chat or completions.
void SplitAnswer(const google::protobuf::Message& answer, bool include_usage, providers::MessageSink& out);

}  // namespace portolan::core
