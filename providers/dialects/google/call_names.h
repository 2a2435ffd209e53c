#pragma once

// The calls of a conversation, for the results that refer to them.
//
// Google knows a result by its function's name and its place among the results; OpenAI's callers name the
// call's id alone. Ids may be missing, or begin anew with every turn (`call_0`).

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace portolan::providers::gemini {

class CallNames {
 public:
  // What a result answers.
  struct Found {
    std::string name;  // empty: there is no such call
    std::string id;    // as the call was sent; may be empty
    int place = 0;     // among the calls of the model's last turn; behind all of them for older calls
  };

  // A call of the turn that is being written.
  void Add(std::string_view id, std::string_view name);
  // The model speaks anew: the calls so far are of an earlier turn.
  void BeginTurn() { turn_.clear(); }

  // The call that the next result is for: of those with this id the first of the turn that has no result yet,
  // else the last that ever had it. Without an id the first without a result. `name` helps where the id does
  // not: the deprecated function messages have nothing else.
  Found Answer(std::string_view id, std::string_view name);

 private:
  struct Call {
    std::string id;
    std::string name;
    bool answered = false;
  };

  std::vector<Call> turn_;
  absl::flat_hash_map<std::string, std::string> names_;  // by id
};

}  // namespace portolan::providers::gemini
