#include "server/codec/decoder.h"
#include "server/codec/edits.h"
#include "server/codec/sink.h"
#include "server/codec/splice.h"

namespace portolan::codec {
namespace {

void Remove(const MessagePlan& plan, std::string_view name, pb::Message* message) {
  if (const FieldPlan* field = plan.Lookup(name)) plan.reflection->ClearField(message, field->field);
  RemoveFromSink(plan.sink, name, message);
}

bool DecodeMember(const MessagePlan& plan, const Edit& edit, pb::Message* message, DecodeError* error) {
  return Decoder(edit.json, DecodeOptions(), nullptr, message, error).DecodeMember(plan, edit.name);
}

bool SetKnown(const MessagePlan& plan, const FieldPlan& field, const Edit& edit, pb::Message* message,
              DecodeError* error) {
  Remove(plan, field.name, message);
  if (field.oneof >= 0 && plan.reflection->HasOneof(*message, field.field->real_containing_oneof())) {
    *error = {field.name, "excluded by another member of this object", 0};
    return false;
  }
  return DecodeMember(plan, edit, message, error);
}

// An unknown member keeps its place.
bool SetUnknown(const MessagePlan& plan, const Edit& edit, pb::Message* message, DecodeError* error) {
  const int old = FindInSink(plan.sink, edit.name, *message);
  if (!DecodeMember(plan, edit, message, error)) return false;
  if (old < 0) return true;
  const int last = plan.reflection->FieldSize(*message, plan.sink.field) - 1;
  plan.reflection->SwapElements(message, plan.sink.field, old, last);
  plan.reflection->RemoveLast(message, plan.sink.field);
  return true;
}

}  // namespace

bool ApplyEdits(const MessagePlan& plan, std::span<const Edit> edits, pb::Message* message,
                DecodeError* error) {
  // Removals come first: they may make room for a member that another excluded.
  for (size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind == Edit::Kind::kRemove && !IsOverruled(edits, i)) Remove(plan, edits[i].name, message);
  }
  for (size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind != Edit::Kind::kSet || IsOverruled(edits, i)) continue;
    const FieldPlan* field = plan.Lookup(edits[i].name);
    const bool good = field == nullptr ? SetUnknown(plan, edits[i], message, error)
                                       : SetKnown(plan, *field, edits[i], message, error);
    if (!good) return false;
  }
  return true;
}

}  // namespace portolan::codec
