#pragma once

// What may go wrong while a body is passed on as it comes, as data: one row a fault of either side, with
// what the caller gets. The same rows make docs/reliability.md.

#include <functional>
#include <string>
#include <vector>

#include "tests/faults/fault.h"

namespace portolan::faults {

struct UploadFault {
  enum class Caller { kSendsAll, kLeaves, kResets, kStalls, kBreaksChunk, kLeavesAtAnswer };

  std::string name;  // a sentence: `the upstream resets`
  Outcome outcome;   // kNotAsked: nobody is left to be told
  Caller caller = Caller::kSendsAll;
  // What the upstream does when the head has come. `begun` opens once a part of the body is on its way, and
  // the upstream reads nothing of it before.
  std::function<test::Script(test::Latch begun)> on_head = nullptr;
  // What it does when the whole body has come, where the row is about that. Null: that must not happen.
  std::function<test::Script()> answer = nullptr;
};

std::vector<UploadFault> UploadFaults();

}  // namespace portolan::faults
