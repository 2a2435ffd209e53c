#pragma once

// Makes the ids of tool calls fit for the APIs that serve Claude, Anthropic's and Bedrock's.
//
// They demand an id for each call, of letters, digits, `_` and `-`, and each id only once in a conversation.
// Elsewhere ids may have other characters (`functions.get:0`), begin anew with every turn (`call_0`), or be
// missing. A call's id is changed only if it must be, and then in its results too. It depends on nothing that
// comes after it, so that a growing conversation begins with the same bytes and stays in the provider's
// cache.

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace portolan::providers {

class ToolIds {
 public:
  // `longest`: the most characters of an id that is changed, before a number that makes it unique. Longer
  // ones end in a hash of the whole.
  explicit ToolIds(size_t longest = std::string::npos) : longest_(longest) {}

  // The id under which the conversation's next call is sent. `given` is the caller's id; if it is empty, an
  // id is made of `number`.
  std::string ForCall(std::string_view given, int number);

  // The id of the call that the conversation's next result is for: the last call that was given the id
  // `given`. If several calls of one turn were, their results are in the order of the calls. An id that no
  // call was given is only made fit. Empty if `given` is empty and every call had an id.
  std::string ForResult(std::string_view given);

  // Ends the turn, with or without results: later calls are other calls, whatever their ids.
  void EndTurn() { turn_ended_ = true; }

 private:
  struct Call {
    std::string id;
    int next = -1;  // in calls_: the next call of the same turn with the same given id
  };
  // What is known of a text, as an id that was given, or sent, or both.
  struct Entry {
    bool taken = false;  // is sent already
    int copies = 1;      // how many ids have been made of it
    int turn = -1;       // of the last call that it was given to
    int answered = -1;   // in calls_: the one that the next result is for
    int last = -1;       // in calls_: the last one
  };

  std::string Fit(std::string_view id) const;
  std::string Unique(std::string base);

  const size_t longest_;
  std::vector<Call> calls_;
  absl::flat_hash_map<std::string, Entry> entries_;
  int turn_ = 0;
  bool turn_ended_ = false;
};

}  // namespace portolan::providers
