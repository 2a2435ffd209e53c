#pragma once

// The ids of tool calls, made fit for Anthropic's API.
//
// It takes letters, digits, `_` and `-`, each id once in a conversation, and no call without. Elsewhere ids
// may hold other characters (`functions.get:0`), begin anew with every turn (`call_0`), or be missing. A
// call's id is changed only where it must be, in the results as well, and depends on nothing that comes after
// it, so that a conversation that grows begins with the same bytes and stays in the cache.

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace portolan::providers::anthropic {

class ToolIds {
 public:
  // The id that the conversation's next call goes out under. `given` is the caller's, empty if there is none:
  // it is then made of `number`.
  std::string ForCall(std::string_view given, int number);

  // The id of the call that the conversation's next result answers: the last one that bears the id `given`.
  // Where several calls of one turn bear it, their results come in the order of the calls. An id that no call
  // bears is only made fit. Empty if `given` is empty and so was no call's id.
  std::string ForResult(std::string_view given);

  // The turn is over, with or without results: a call that follows is another one, whatever its id.
  void EndTurn() { turn_ended_ = true; }

 private:
  struct Call {
    std::string id;
    int next = -1;  // in calls_: the next call of the same turn with the same given id
  };
  // What is known of a text, which may have been given as an id and may go out as one.
  struct Entry {
    bool taken = false;  // goes out already
    int copies = 1;      // how many ids have been made of it
    int turn = -1;       // of the last call that it was given to
    int answered = -1;   // in calls_: the one that the next result is for
    int last = -1;       // in calls_: the last one
  };

  std::string Unique(std::string base);

  std::vector<Call> calls_;
  absl::flat_hash_map<std::string, Entry> entries_;
  int turn_ = 0;
  bool turn_ended_ = false;
};

}  // namespace portolan::providers::anthropic
