#include "server/telemetry/label_table.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "server/base/utf8.h"

namespace portolan::telemetry {
namespace {

bool IsClean(std::string_view value) {
  if (value.size() > LabelTable::kMaxBytes) return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

std::string CleanLabel(std::string_view value) {
  value = CutUtf8(value, LabelTable::kMaxBytes);
  std::string clean;
  clean.reserve(value.size());
  while (!value.empty()) {
    const size_t length = Utf8Length(value);
    const auto first = static_cast<unsigned char>(value.front());
    if (length == 0 || first < 0x20 || first == 0x7F) {
      clean.push_back('_');
    } else {
      clean.append(value.substr(0, length));
    }
    value.remove_prefix(std::max<size_t>(length, 1));
  }
  return clean;
}

LabelTable::LabelTable(size_t limit)
    : limit_(limit + 2), mask_(std::bit_ceil(limit_ * 2) - 1), slots_(mask_ + 1), names_(limit_) {
  Intern("other");
  Intern("");
}

int LabelTable::FindClean(std::string_view clean, size_t* slot) const {
  size_t i = std::hash<std::string_view>()(clean) & mask_;
  for (;; i = (i + 1) & mask_) {
    const uint16_t entry = slots_[i].load(std::memory_order_acquire);
    if (entry == 0 || names_[entry - 1u] == clean) {
      *slot = i;
      return entry - 1;
    }
  }
}

LabelTable::Id LabelTable::Find(std::string_view value) const {
  size_t slot;
  const int id = IsClean(value) ? FindClean(value, &slot) : FindClean(CleanLabel(value), &slot);
  return id < 0 ? kOther : static_cast<Id>(id);
}

LabelTable::Id LabelTable::Intern(std::string_view value) {
  size_t slot;
  if (IsClean(value)) {
    if (const int id = FindClean(value, &slot); id >= 0) return static_cast<Id>(id);
  }
  if (used_.load(std::memory_order_relaxed) == limit_) return Find(value);
  std::string clean = CleanLabel(value);
  const std::lock_guard lock(adding_);
  const size_t next = used_.load(std::memory_order_relaxed);
  if (const int id = FindClean(clean, &slot); id >= 0) return static_cast<Id>(id);
  if (next == limit_) return kOther;
  names_[next] = std::move(clean);
  slots_[slot].store(static_cast<uint16_t>(next + 1), std::memory_order_release);
  used_.store(next + 1, std::memory_order_relaxed);
  return static_cast<Id>(next);
}

std::string_view LabelTable::Name(Id id) const { return names_[id]; }

}  // namespace portolan::telemetry
