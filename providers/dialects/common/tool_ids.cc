#include "providers/dialects/common/tool_ids.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers {
namespace {

absl::string_view Key(std::string_view id) { return {id.data(), id.size()}; }

constexpr size_t kHashDigits = 16;

}  // namespace

std::string ToolIds::ForCall(std::string_view given, int number) {
  if (turn_ended_) ++turn_;
  turn_ended_ = false;
  const int call = static_cast<int>(calls_.size());
  calls_.push_back({Unique(given.empty() ? "call_" + std::to_string(number) : Fit(given))});
  Entry& entry = entries_[Key(given)];
  if (entry.turn == turn_) {
    calls_[static_cast<size_t>(entry.last)].next = call;
  } else {
    entry.turn = turn_;
    entry.answered = call;
  }
  entry.last = call;
  return calls_.back().id;
}

std::string ToolIds::ForResult(std::string_view given) {
  turn_ended_ = true;
  const auto found = entries_.find(Key(given));
  if (found == entries_.end() || found->second.turn < 0) return Fit(given);
  Entry& entry = found->second;
  const Call& call = calls_[static_cast<size_t>(entry.answered)];
  if (call.next >= 0) entry.answered = call.next;
  return call.id;
}

std::string ToolIds::Fit(std::string_view id) const {
  std::string out(id);
  for (char& c : out) {
    if (!IsLetterOrDigit(c) && c != '-') c = '_';
  }
  if (out.size() <= longest_) return out;
  return out.substr(0, longest_ - kHashDigits) + Sha256Hex(id).substr(0, kHashDigits);
}

std::string ToolIds::Unique(std::string base) {
  if (!std::exchange(entries_[base].taken, true)) return base;
  for (;;) {
    std::string copy = base + "_" + std::to_string(++entries_[base].copies);
    if (!std::exchange(entries_[copy].taken, true)) return copy;
  }
}

}  // namespace portolan::providers
