// Objects, their members and unions; values are in decode.cc.

#include <span>
#include <utility>

#include "google/protobuf/duration.pb.h"
#include "server/codec/decoder.h"
#include "server/codec/number.h"

namespace portolan::codec {

Decoder::Outcome Decoder::DecodeMessage(const MessagePlan& plan) {
  bool empty = false;
  switch (plan.form) {
    case Form::kObject:
      return DecodeObject(plan);
    case Form::kUnion:
      return DecodeUnion(plan);
    case Form::kInline:
      return DecodeField(plan.fields[0], &empty);
    case Form::kDuration:
      return DecodeDuration(plan);
  }
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::DecodeObject(const MessagePlan& plan) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kObject) return Mismatch("an object", type);
  if (!reader_.EnterObject()) return SyntaxError();
  std::vector<MemberSpan>* const spans = std::exchange(spans_, nullptr);
  Seen seen;
  seen.key_mark = keys_.Mark();
  seen.again_mark = again_.size();
  seen.out_mark = out_ == nullptr ? 0 : out_->size();
  for (std::string_view name; reader_.NextMember(&name, &name_scratch_);) {
    const size_t name_begin = reader_.name_offset();
    if (reader_.Peek() == JsonType::kInvalid) return SyntaxError();
    const size_t value_begin = reader_.offset();
    const FieldPlan* const field = plan.Lookup(name);
    Outcome outcome;
    if (checks_only_ && !strict_) {
      // In an answer no shape is an error.
      outcome = reader_.Skip() ? Outcome::kGood : SyntaxError();
    } else if (field != nullptr) {
      outcome = DecodeKnown(plan, *field, &seen);
    } else {
      keys_.Push(name, name_begin, name.data() == name_scratch_.data());
      outcome = KeepRaw(plan, name);
    }
    if (outcome != Outcome::kGood) return outcome;
    if (spans != nullptr) {
      spans->push_back({field == nullptr ? 0 : field->field->number(), static_cast<uint32_t>(name_begin),
                        static_cast<uint32_t>(value_begin), static_cast<uint32_t>(reader_.offset())});
    }
  }
  return reader_.failed() ? SyntaxError() : CloseObject(plan, seen);
}

// Names that are fields were seen to as they came; those that are not are compared now.
Decoder::Outcome Decoder::CloseObject(const MessagePlan& plan, const Seen& seen) {
  if (again_.size() != seen.again_mark) {
    DropEarlier(plan, std::span(again_).subspan(seen.again_mark), seen.out_mark, out_);
    again_.resize(seen.again_mark);
  }
  KeyTracker::Key repeated;
  if (!keys_.HasDuplicate(seen.key_mark, &repeated)) return Outcome::kGood;
  if (strict_) {
    Refuse(kKeyStandsTwice, repeated.offset);
    return Within(repeated.text);
  }
  if (message_ != nullptr) return NeedsWire();
  if (out_ != nullptr) KeepLastOfEach(plan.sink.number, plan.sink.name_number, seen.out_mark, out_);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeKnown(const MessagePlan& plan, const FieldPlan& field, Seen* seen) {
  const size_t index = field.index;
  if (seen->fields.Insert(index)) {
    if (strict_) {
      Refuse(kKeyStandsTwice, reader_.name_offset());
      return Within(field.name);
    }
    if (message_ != nullptr) return NeedsWire();
    if (out_ != nullptr) again_.push_back({&field, out_->size()});
    if (field.oneof >= 0 && seen->arms.Erase(index)) seen->oneofs.Erase(static_cast<size_t>(field.oneof));
  }
  const JsonType type = reader_.Peek();
  if (type == JsonType::kString && field.plain_text) {
    // The type is right and no content can be foreign, so there is no need to keep a way back.
    std::string_view text;
    if (!reader_.ReadString(&text, &scratch_, LoneSurrogate::kReplace)) {
      SyntaxError();
      return Within(field.name);
    }
    WriteText(field, text);
    return Outcome::kGood;
  }
  if (type == JsonType::kNull) return KeepRaw(plan, field.name);
  // Another arm of the field's oneof is there already: setting this one would lose it.
  if (field.oneof >= 0 && seen->oneofs.Has(static_cast<size_t>(field.oneof))) {
    if (!strict_) return KeepRaw(plan, field.name);
    Refuse("excluded by another member of this object", reader_.name_offset());
    return Within(field.name);
  }
  const JsonReader::Place place = reader_.Mark();
  const size_t key_mark = keys_.Mark();
  const size_t again_mark = again_.size();
  const size_t out_mark = out_ == nullptr ? 0 : out_->size();
  bool empty = false;
  const Outcome outcome = DecodeField(field, &empty);
  if (outcome == Outcome::kForeign) {
    reader_.Rewind(place);
    keys_.Truncate(key_mark);
    again_.resize(again_mark);
    if (out_ != nullptr) out_->Truncate(out_mark);
    // The part of the field that could be read is dropped too; the field was not set before.
    if (message_ != nullptr) plan.reflection->ClearField(message_, field.field);
    return KeepRaw(plan, field.name);
  }
  if (outcome == Outcome::kFailed) return Within(field.name);
  if (field.oneof >= 0) {
    seen->oneofs.Insert(static_cast<size_t>(field.oneof));
    seen->arms.Insert(index);
  }
  if (empty) WriteExtra(plan, field.name, field.shape == Shape::kArray ? "[]" : "{}");
  return Outcome::kGood;
}

Decoder::Outcome Decoder::KeepRaw(const MessagePlan& plan, std::string_view name) {
  std::string_view raw;
  if (!reader_.Skip(&raw, strict_)) {
    SyntaxError();
    return Within(name);
  }
  WriteExtra(plan, name, raw);
  return Outcome::kGood;
}

void Decoder::WriteExtra(const MessagePlan& plan, std::string_view name, std::string_view json) {
  if (message_ != nullptr) {
    pb::Message* const entry = plan.sink.access->put_message(message_);
    plan.sink.name_access->put_text(entry, name.data(), name.size());
    plan.sink.json_access->put_text(entry, json.data(), json.size());
    return;
  }
  if (out_ == nullptr) return;
  out_->Tag(plan.sink.number, WireType::kLength);
  const size_t entry = out_->Open();
  out_->Text(plan.sink.name_number, name);
  out_->Text(plan.sink.json_number, json);
  out_->Close(entry);
}

Decoder::Outcome Decoder::DecodeUnion(const MessagePlan& plan) {
  const JsonType type = reader_.Peek();
  const bool container = type == JsonType::kArray || type == JsonType::kObject;
  const FieldPlan* arm =
      type == JsonType::kArray ? ChooseArrayArm(plan) : plan.arms[static_cast<size_t>(type)];
  if (reader_.failed()) return SyntaxError();
  if (arm != nullptr) return DecodeValue(*arm);
  // A value that the API may add one day is kept; a scalar of the wrong type is a mistake.
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

Decoder::Outcome Decoder::DecodeDuration(const MessagePlan& plan) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kString) return Mismatch("a duration such as \"1.5s\"", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadString(&text, &scratch_, LoneSurrogate::kReplace)) return SyntaxError();
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (!ParseDuration(text, &seconds, &nanos)) return Unfit("expected a duration such as \"1.5s\"", offset);
  if (message_ != nullptr) {
    auto* const duration = static_cast<pb::Duration*>(message_);
    duration->set_seconds(seconds);
    duration->set_nanos(nanos);
    return Outcome::kGood;
  }
  for (const FieldPlan& field : plan.fields) {
    if (field.kind == ValueKind::kInt64) WriteVarint(field, static_cast<uint64_t>(seconds));
    if (field.kind == ValueKind::kInt32) WriteVarint(field, static_cast<uint64_t>(int64_t{nanos}));
  }
  return Outcome::kGood;
}

}  // namespace portolan::codec
