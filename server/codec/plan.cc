#include "server/codec/plan.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace portolan::codec {
namespace {

uint64_t Load64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

uint32_t Load32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// Names are short: a call of memcmp would cost more than the comparison.
bool SameText(std::string_view a, std::string_view b) {
  const size_t n = a.size();
  if (n != b.size()) return false;
  const char* p = a.data();
  const char* q = b.data();
  if (n >= 8) {
    for (size_t i = 0; i + 8 < n; i += 8) {
      if (Load64(p + i) != Load64(q + i)) return false;
    }
    return Load64(p + n - 8) == Load64(q + n - 8);
  }
  if (n >= 4) return Load32(p) == Load32(q) && Load32(p + n - 4) == Load32(q + n - 4);
  for (size_t i = 0; i < n; ++i) {
    if (p[i] != q[i]) return false;
  }
  return true;
}

// Whether a message can hold a value of this field that JSON cannot, or cannot hold twice.
bool HoldsVerbatim(const FieldPlan& field) {
  switch (field.kind) {
    case ValueKind::kFloat:
    case ValueKind::kDouble:
    case ValueKind::kEnum:
    case ValueKind::kRaw:
    case ValueKind::kMessage:
      return true;
    default:
      return field.shape == Shape::kObject;
  }
}

// Mixes a name's length with its first and last bytes; that tells the names of one message apart well enough.
uint64_t HashName(std::string_view name) {
  const char* p = name.data();
  const size_t n = name.size();
  uint64_t head = 0;
  uint64_t tail = 0;
  if (n >= 8) {
    head = Load64(p);
    tail = Load64(p + n - 8);
  } else if (n >= 4) {
    head = Load32(p);
    tail = Load32(p + n - 4);
  } else if (n > 0) {
    head = static_cast<unsigned char>(p[0]);
    tail = static_cast<uint64_t>(static_cast<unsigned char>(p[n / 2])) << 8 |
           static_cast<unsigned char>(p[n - 1]);
  }
  uint64_t hash = (head ^ n) * 0x9E3779B97F4A7C15 + tail * 0xC2B2AE3D27D4EB4F;
  hash ^= hash >> 29;
  return hash * 0xFF51AFD7ED558CCD;
}

}  // namespace

const std::string* EnumPlan::Spelling(int number) const {
  for (const auto& [spelling, value] : values) {
    if (value == number) return &spelling;
  }
  return nullptr;
}

bool EnumPlan::Number(std::string_view spelling, int* number) const {
  for (const auto& [candidate, value] : values) {
    if (candidate == spelling) {
      *number = value;
      return true;
    }
  }
  return false;
}

const FieldPlan* MessagePlan::Lookup(std::string_view json_name) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = HashName(json_name) >> shift_;; slot = (slot + 1) & mask) {
    const uint16_t index = slots_[slot];
    if (index == kNoField) return nullptr;
    if (SameText(fields[index].name, json_name)) return &fields[index];
  }
}

void MessagePlan::BuildLookup() {
  // At most a quarter full, so that most look-ups, also of unknown names, end at the first slot.
  const size_t size = std::bit_ceil(std::max<size_t>(4 * fields.size(), 4));
  slots_.assign(size, kNoField);
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(size));
  by_index.assign(static_cast<size_t>(descriptor->field_count()), kNoField);
  for (size_t i = 0; i < fields.size(); ++i) {
    size_t slot = HashName(fields[i].name) >> shift_;
    while (slots_[slot] != kNoField) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<uint16_t>(i);
    by_index[static_cast<size_t>(fields[i].field->index())] = static_cast<uint16_t>(i);
    fields[i].index = static_cast<uint16_t>(i);
    if (HoldsVerbatim(fields[i])) verbatim.push_back(static_cast<uint16_t>(i));
    fields[i].plain_text =
        fields[i].shape == Shape::kSingle && fields[i].kind == ValueKind::kString && fields[i].oneof < 0;
  }
}

}  // namespace portolan::codec
