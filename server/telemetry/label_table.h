#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::telemetry {

// A bounded set of label values, each with a small number as its id. Values are cut at 128 bytes and cleaned
// (control characters and bytes that are not UTF-8 become `_`), so that they are always fit for the
// exposition. Thread-safe. Finding takes no lock; adding a value does, at most `limit` times in all.
class LabelTable {
 public:
  using Id = uint16_t;
  static constexpr Id kOther = 0;  // `other`: values for which there was no room
  static constexpr Id kEmpty = 1;  // ``
  static constexpr size_t kMaxBytes = 128;

  // At most `limit` values besides `other` and the empty one. REQUIRES: limit <= 10,000.
  explicit LabelTable(size_t limit);
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;

  // The id of `value`; kOther if it is not in the table.
  Id Find(std::string_view value) const;
  // The id of `value`, which is added if it is not in the table; kOther if the table is full.
  Id Intern(std::string_view value);

  // REQUIRES: `id` came from this table.
  std::string_view Name(Id id) const;

 private:
  // The id, or -1, and the slot that holds it or would hold it.
  int FindClean(std::string_view clean, size_t* slot) const;

  const size_t limit_;  // ids below it are valid
  const size_t mask_;
  // Open addressing: id + 1, 0 for empty. A slot is published after the name it leads to.
  std::vector<std::atomic<uint16_t>> slots_;
  std::vector<std::string> names_;  // sized once; an entry never changes after its slot is published
  std::atomic<size_t> used_{0};
  std::mutex adding_;
};

// `value` made fit for a label; see LabelTable.
std::string CleanLabel(std::string_view value);

}  // namespace portolan::telemetry
