#include <cstring>

#include "server/codec/codec.h"
#include "server/codec/plan.h"
#include "server/codec/wire.h"

namespace portolan::codec {
namespace {

// Deeper messages are left to CheckVerbatim, which knows the limits.
constexpr int kDeepest = 16;

// The fields of a message mostly come in the order of their numbers, which is that of the plan: the search
// goes on behind the last one found.
const FieldPlan* FindField(const MessagePlan& plan, uint32_t number, size_t* at) {
  const size_t size = plan.fields.size();
  if (*at < size && plan.fields[*at].number > number) *at = 0;
  while (*at < size && plan.fields[*at].number < number) ++*at;
  return *at < size && plan.fields[*at].number == number ? &plan.fields[*at] : nullptr;
}

template <typename Bits, Bits kExponent>
bool IsFinite(Bits bits) {
  return (bits & kExponent) != kExponent;
}

bool IsPlainMessage(const MessagePlan& plan, std::string_view wire, int depth);

// Takes the field's value. False if it needs a closer look.
bool TakePlain(const FieldPlan& field, WireType type, int depth, WireReader* reader) {
  if (!field.TravelsAs(type)) return false;
  switch (field.kind) {
    case ValueKind::kBool:
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kUint32:
    case ValueKind::kUint64:
    case ValueKind::kString:
    case ValueKind::kBytes:
      reader->Skip(type);
      return true;
    case ValueKind::kFloat:
      return type == WireType::kFixed32 && IsFinite<uint32_t, 0x7f800000>(reader->Fixed<uint32_t>());
    case ValueKind::kDouble:
      return type == WireType::kFixed64 && IsFinite<uint64_t, 0x7ff0000000000000>(reader->Fixed<uint64_t>());
    case ValueKind::kEnum:
      return type == WireType::kVarint &&
             field.spellings->Spelling(static_cast<int>(reader->Varint())) != nullptr;
    case ValueKind::kMessage:
      return field.shape != Shape::kObject && IsPlainMessage(*field.type, reader->Bytes(), depth + 1);
    case ValueKind::kRaw:
      break;
  }
  return false;
}

bool IsPlainMessage(const MessagePlan& plan, std::string_view wire, int depth) {
  if (depth > kDeepest || plan.form == Form::kDuration) return false;
  size_t at = 0;
  bool any = false;
  for (WireReader reader(wire); !reader.done();) {
    const uint32_t tag = reader.Tag();
    const FieldPlan* const field = FindField(plan, TagNumber(tag), &at);
    // The sink, or nothing known.
    if (field == nullptr || !TakePlain(*field, TagType(tag), depth, &reader)) return false;
    any = true;
  }
  return any || plan.form != Form::kUnion;
}

}  // namespace

bool IsPlainWire(const MessagePlan& plan, std::string_view wire) { return IsPlainMessage(plan, wire, 0); }

}  // namespace portolan::codec
