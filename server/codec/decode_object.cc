// Objects, their members and unions; values are in decode.cc.

#include "server/codec/decoder.h"
#include "server/codec/number.h"
#include "server/codec/sink.h"

namespace portolan::codec {

Decoder::Outcome Decoder::DecodeMessage(const MessagePlan& plan, pb::Message* message) {
  bool empty = false;
  switch (plan.form) {
    case Form::kObject:
      return DecodeObject(plan, message);
    case Form::kUnion:
      return DecodeUnion(plan, message);
    case Form::kInline:
      return DecodeField(plan.fields[0], message, &empty);
    case Form::kDuration:
      return DecodeDuration(plan, message);
  }
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::DecodeObject(const MessagePlan& plan, pb::Message* message) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kObject) return Mismatch("an object", type);
  if (!reader_.EnterObject()) return SyntaxError();
  std::vector<MemberSpan>* const spans = std::exchange(spans_, nullptr);
  Seen seen;
  seen.key_mark = keys_.Mark();
  for (std::string_view name; reader_.NextMember(&name, &name_scratch_, surrogates());) {
    const size_t name_begin = reader_.name_offset();
    if (reader_.Peek() == JsonType::kInvalid) return SyntaxError();
    const size_t value_begin = reader_.offset();
    const FieldPlan* const field = plan.Lookup(name);
    Outcome outcome;
    if (message == nullptr && !strict_) {
      // No shape is wrong in an answer.
      outcome = reader_.Skip() ? Outcome::kGood : SyntaxError();
    } else if (field != nullptr) {
      outcome = DecodeKnown(plan, *field, &seen, message);
    } else {
      keys_.Push(name, name_begin, name.data() == name_scratch_.data());
      outcome = KeepRaw(plan, name, message);
    }
    if (outcome != Outcome::kGood) return outcome;
    if (spans != nullptr) {
      spans->push_back({field == nullptr ? 0 : field->field->number(), static_cast<uint32_t>(name_begin),
                        static_cast<uint32_t>(value_begin), static_cast<uint32_t>(reader_.offset())});
    }
  }
  return reader_.failed() ? SyntaxError() : CloseObject(plan, seen, message);
}

// Names that are fields were seen to as they came; those that are not are compared now.
Decoder::Outcome Decoder::CloseObject(const MessagePlan& plan, const Seen& seen, pb::Message* message) {
  KeyTracker::Key repeated;
  if (!keys_.HasDuplicate(seen.key_mark, &repeated)) return Outcome::kGood;
  if (strict_) {
    Refuse(kKeyStandsTwice, repeated.offset);
    return Within(repeated.text);
  }
  if (message != nullptr) KeepLastOfEach(*plan.sink.field, *plan.sink.name, message);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeKnown(const MessagePlan& plan, const FieldPlan& field, Seen* seen,
                                      pb::Message* message) {
  if (seen->Insert(plan.IndexOf(field))) {
    if (strict_) {
      Refuse(kKeyStandsTwice, reader_.name_offset());
      return Within(field.name);
    }
    Forget(plan, field, message);
  }
  if (reader_.Peek() == JsonType::kNull) return KeepRaw(plan, field.name, message);
  if (field.oneof >= 0 && IsExcluded(field, message, seen)) {
    if (!strict_) return KeepRaw(plan, field.name, message);
    Refuse("excluded by another member of this object", reader_.name_offset());
    return Within(field.name);
  }
  const JsonReader::Place place = reader_.Mark();
  const size_t key_mark = keys_.Mark();
  bool empty = false;
  const Outcome outcome = DecodeField(field, message, &empty);
  if (outcome == Outcome::kForeign) {
    reader_.Rewind(place);
    keys_.Truncate(key_mark);
    if (message != nullptr) plan.reflection->ClearField(message, field.field);
    return KeepRaw(plan, field.name, message);
  }
  if (outcome == Outcome::kFailed) return Within(field.name);
  if (empty && message != nullptr) {
    AddToSink(plan.sink, field.name, field.shape == Shape::kArray ? "[]" : "{}", message);
  }
  return Outcome::kGood;
}

// True if another arm of the field's oneof is there already: setting this one would lose it.
bool Decoder::IsExcluded(const FieldPlan& field, const pb::Message* message, Seen* seen) const {
  if (!strict_ && message != nullptr) {
    return field.reflection->HasOneof(*message, field.field->real_containing_oneof());
  }
  const uint64_t bit = uint64_t{1} << static_cast<unsigned>(field.oneof);
  const bool excluded = (seen->oneofs & bit) != 0;
  seen->oneofs |= bit;
  return excluded;
}

Decoder::Outcome Decoder::KeepRaw(const MessagePlan& plan, std::string_view name, pb::Message* message) {
  std::string_view raw;
  if (!reader_.Skip(&raw, strict_)) {
    SyntaxError();
    return Within(name);
  }
  if (message != nullptr) AddToSink(plan.sink, name, raw, message);
  return Outcome::kGood;
}

void Decoder::Forget(const MessagePlan& plan, const FieldPlan& field, pb::Message* message) {
  if (message == nullptr) return;
  const bool set = field.shape == Shape::kSingle ? plan.reflection->HasField(*message, field.field)
                                                 : plan.reflection->FieldSize(*message, field.field) != 0;
  // What is set left no entry in the sink.
  if (set) {
    plan.reflection->ClearField(message, field.field);
  } else {
    RemoveFromSink(plan.sink, field.name, message);
  }
}

Decoder::Outcome Decoder::DecodeUnion(const MessagePlan& plan, pb::Message* message) {
  const JsonType type = reader_.Peek();
  const bool container = type == JsonType::kArray || type == JsonType::kObject;
  const FieldPlan* arm =
      type == JsonType::kArray ? ChooseArrayArm(plan) : plan.arms[static_cast<size_t>(type)];
  if (reader_.failed()) return SyntaxError();
  if (arm != nullptr) return DecodeValue(*arm, message);
  // What the API may say tomorrow is kept; a scalar of the wrong type is a mistake.
  return container ? Outcome::kForeign : Mismatch(plan.expected, type);
}

// The arm for the array that comes next; nullptr if there is none or the text is in error.
const FieldPlan* Decoder::ChooseArrayArm(const MessagePlan& plan) {
  const FieldPlan* const first_arm = plan.arms[static_cast<size_t>(JsonType::kArray)];
  if (first_arm == nullptr) return nullptr;
  const JsonReader::Place place = reader_.Mark();
  if (!reader_.EnterArray()) return nullptr;
  const bool empty = !reader_.NextElement();
  const JsonType element = empty ? JsonType::kInvalid : reader_.Peek();
  if (reader_.failed()) return nullptr;
  reader_.Rewind(place);
  if (empty) return first_arm;
  const FieldPlan* const arm = plan.array_arms[static_cast<size_t>(element)];
  const bool container = element == JsonType::kArray || element == JsonType::kObject;
  return arm == nullptr && !container ? first_arm : arm;
}

Decoder::Outcome Decoder::DecodeDuration(const MessagePlan& plan, pb::Message* message) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kString) return Mismatch("a duration such as \"1.5s\"", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadString(&text, &scratch_, surrogates())) return SyntaxError();
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (!ParseDuration(text, &seconds, &nanos)) return Unfit("expected a duration such as \"1.5s\"", offset);
  if (message == nullptr) return Outcome::kGood;
  for (const FieldPlan& field : plan.fields) {
    if (field.kind == ValueKind::kInt64) plan.reflection->SetInt64(message, field.field, seconds);
    if (field.kind == ValueKind::kInt32) plan.reflection->SetInt32(message, field.field, nanos);
  }
  return Outcome::kGood;
}

}  // namespace portolan::codec
