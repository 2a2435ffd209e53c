// Documents, values and errors; objects are in decode_object.cc.

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/codec/decoder.h"
#include "server/codec/number.h"
#include "server/codec/sink.h"

namespace portolan::codec {
namespace {

// Sets a field, or adds to it if it is repeated.
#define PORTOLAN_CODEC_PUT(Type, Name)                                     \
  void Put(const FieldPlan& field, pb::Message* message, Type value) {     \
    if (field.shape == Shape::kArray) {                                    \
      field.reflection->Add##Name(message, field.field, std::move(value)); \
    } else {                                                               \
      field.reflection->Set##Name(message, field.field, std::move(value)); \
    }                                                                      \
  }
PORTOLAN_CODEC_PUT(bool, Bool)
PORTOLAN_CODEC_PUT(int32_t, Int32)
PORTOLAN_CODEC_PUT(int64_t, Int64)
PORTOLAN_CODEC_PUT(uint32_t, UInt32)
PORTOLAN_CODEC_PUT(uint64_t, UInt64)
PORTOLAN_CODEC_PUT(float, Float)
PORTOLAN_CODEC_PUT(double, Double)
PORTOLAN_CODEC_PUT(std::string, String)
#undef PORTOLAN_CODEC_PUT

void PutEnum(const FieldPlan& field, pb::Message* message, int value) {
  if (field.shape == Shape::kArray) {
    field.reflection->AddEnumValue(message, field.field, value);
  } else {
    field.reflection->SetEnumValue(message, field.field, value);
  }
}

bool DecodeBase64(std::string_view text, std::string* bytes) {
  const absl::string_view source(text.data(), text.size());
  return absl::Base64Unescape(source, bytes) || absl::WebSafeBase64Unescape(source, bytes);
}

// Names in error paths are the caller's text: long ones are cut.
std::string_view Shorten(std::string_view name) {
  constexpr size_t kLongest = 64;
  if (name.size() <= kLongest) return name;
  size_t size = kLongest;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
  return name.substr(0, size);
}

std::string_view Expected(const MessagePlan& plan) {
  switch (plan.form) {
    case Form::kObject:
      return "an object";
    case Form::kUnion:
      return plan.expected;
    case Form::kInline:
      return "an array";
    case Form::kDuration:
      return "a string";
  }
  return "";
}

}  // namespace

std::string DecodeError::ToString() const {
  return path.empty() ? problem : absl::StrCat(path, ": ", problem);
}

bool Decode(const MessagePlan& plan, std::string_view json, const DecodeOptions& options, pb::Message* out,
            DecodeError* error) {
  if (options.spans != nullptr) options.spans->clear();
  return Decoder(json, options, error).DecodeDocument(plan, out);
}

bool Decoder::DecodeDocument(const MessagePlan& plan, pb::Message* message) {
  if (plan.form != Form::kObject) spans_ = nullptr;
  const JsonType type = reader_.Peek();
  if (type == JsonType::kInvalid) return Finish(SyntaxError());
  const Outcome outcome = DecodeMessage(plan, message);
  if (outcome == Outcome::kForeign) {
    return Finish(Refuse(absl::StrCat("expected ", std::string(Expected(plan)), ", got ",
                                      std::string(Describe(type)), " that is not known here"),
                         0));
  }
  return Finish(outcome);
}

bool Decoder::DecodeMember(const MessagePlan& plan, std::string_view name, pb::Message* message) {
  if (reader_.Peek() == JsonType::kInvalid) return Finish(SyntaxError());
  spans_ = nullptr;
  Seen seen;
  const FieldPlan* const field = plan.Lookup(name);
  return Finish(field == nullptr ? KeepRaw(plan, name, message) : DecodeKnown(plan, *field, &seen, message));
}

bool Decoder::Finish(Outcome outcome) {
  if (outcome == Outcome::kGood && !reader_.AtEnd()) outcome = SyntaxError();
  if (outcome != Outcome::kGood && error_->path.starts_with('.')) error_->path.erase(0, 1);
  return outcome == Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeField(const FieldPlan& field, pb::Message* message, bool* empty) {
  switch (field.shape) {
    case Shape::kSingle:
      return DecodeValue(field, message);
    case Shape::kArray:
      return DecodeArray(field, message, empty);
    case Shape::kObject:
      return DecodeFreeKeys(field, message, empty);
  }
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::DecodeArray(const FieldPlan& field, pb::Message* message, bool* empty) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kArray) return Mismatch("an array", type);
  if (!reader_.EnterArray()) return SyntaxError();
  size_t index = 0;
  for (; reader_.NextElement(); ++index) {
    const Outcome outcome = DecodeValue(field, message);
    if (outcome == Outcome::kFailed) return Within(index);
    if (outcome == Outcome::kForeign) return outcome;
  }
  *empty = index == 0;
  return reader_.failed() ? SyntaxError() : Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeFreeKeys(const FieldPlan& field, pb::Message* message, bool* empty) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kObject) return Mismatch("an object", type);
  if (!reader_.EnterObject()) return SyntaxError();
  const size_t key_mark = keys_.Mark();
  *empty = true;
  for (std::string_view key; reader_.NextMember(&key, &name_scratch_, surrogates());) {
    *empty = false;
    key = keys_.Push(key, reader_.name_offset(), key.data() == name_scratch_.data());
    const Outcome outcome = DecodeEntry(field, key, message);
    if (outcome == Outcome::kFailed) return Within(key);
    if (outcome == Outcome::kForeign) return outcome;
  }
  if (reader_.failed()) return SyntaxError();
  KeyTracker::Key repeated;
  if (!keys_.HasDuplicate(key_mark, &repeated)) return Outcome::kGood;
  if (strict_) {
    Refuse(kKeyStandsTwice, repeated.offset);
    return Within(repeated.text);
  }
  if (message != nullptr) KeepLastOfEach(*field.field, *field.key, message);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeEntry(const FieldPlan& field, std::string_view key, pb::Message* message) {
  pb::Message* entry = nullptr;
  if (message != nullptr) {
    entry = field.reflection->AddMessage(message, field.field);
    field.value->reflection->SetString(entry, field.key, std::string(key));
  }
  // An entry without a value is a null.
  const bool can_be_null = field.value->has_presence && field.value->kind != ValueKind::kRaw;
  if (can_be_null && reader_.Peek() == JsonType::kNull) {
    return reader_.ReadNull() ? Outcome::kGood : SyntaxError();
  }
  return DecodeValue(*field.value, entry);
}

Decoder::Outcome Decoder::DecodeValue(const FieldPlan& field, pb::Message* message) {
  switch (field.kind) {
    case ValueKind::kBool:
      return DecodeBool(field, message);
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kUint32:
    case ValueKind::kUint64:
    case ValueKind::kFloat:
    case ValueKind::kDouble:
      return DecodeNumber(field, message);
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kEnum:
      return DecodeText(field, message);
    case ValueKind::kRaw:
      return DecodeRaw(field, message);
    case ValueKind::kMessage:
      break;
  }
  pb::Message* child = nullptr;
  if (message != nullptr) {
    child = field.shape == Shape::kArray ? field.reflection->AddMessage(message, field.field)
                                         : field.reflection->MutableMessage(message, field.field);
  }
  return DecodeMessage(*field.type, child);
}

Decoder::Outcome Decoder::DecodeBool(const FieldPlan& field, pb::Message* message) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kBool) return Mismatch("a boolean", type);
  bool value = false;
  if (!reader_.ReadBool(&value)) return SyntaxError();
  if (message != nullptr) Put(field, message, value);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeRaw(const FieldPlan& field, pb::Message* message) {
  std::string_view raw;
  if (!reader_.Skip(&raw, strict_)) return SyntaxError();
  if (message != nullptr) Put(field, message, std::string(raw));
  return Outcome::kGood;
}

template <typename T>
Decoder::Outcome Decoder::DecodeNumberAs(const FieldPlan& field, std::string_view text, size_t offset,
                                         pb::Message* message) {
  T value = 0;
  NumberError error;
  if constexpr (std::is_floating_point_v<T>) {
    error = ParseReal(text, &value);
  } else {
    error = ParseInteger(text, &value);
  }
  if (error == NumberError::kNotInteger) return Unfit("expected an integer", offset);
  if (error == NumberError::kOutOfRange) return Unfit("the number is out of range", offset);
  if (message != nullptr) Put(field, message, value);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeNumber(const FieldPlan& field, pb::Message* message) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kNumber) return Mismatch("a number", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadNumber(&text)) return SyntaxError();
  switch (field.kind) {
    case ValueKind::kInt32:
      return DecodeNumberAs<int32_t>(field, text, offset, message);
    case ValueKind::kInt64:
      return DecodeNumberAs<int64_t>(field, text, offset, message);
    case ValueKind::kUint32:
      return DecodeNumberAs<uint32_t>(field, text, offset, message);
    case ValueKind::kUint64:
      return DecodeNumberAs<uint64_t>(field, text, offset, message);
    case ValueKind::kFloat:
      return DecodeNumberAs<float>(field, text, offset, message);
    default:
      return DecodeNumberAs<double>(field, text, offset, message);
  }
}

Decoder::Outcome Decoder::DecodeText(const FieldPlan& field, pb::Message* message) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kString) return Mismatch("a string", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadString(&text, &scratch_, surrogates())) return SyntaxError();
  if (field.kind == ValueKind::kEnum) {
    int number = 0;
    if (!field.spellings->Number(text, &number)) {
      return Unfit(absl::StrCat("expected ", field.spellings->expected), offset);
    }
    if (message != nullptr) PutEnum(field, message, number);
  } else if (field.kind == ValueKind::kBytes) {
    std::string bytes;
    if (!DecodeBase64(text, &bytes)) return Unfit("expected base64", offset);
    if (message != nullptr) Put(field, message, std::move(bytes));
  } else if (message != nullptr) {
    Put(field, message, std::string(text));
  }
  return Outcome::kGood;
}

Decoder::Outcome Decoder::Mismatch(std::string_view expected, JsonType got) {
  if (got == JsonType::kInvalid) return SyntaxError();
  if (!strict_) return Outcome::kForeign;
  return Refuse(absl::StrCat("expected ", std::string(expected), ", got ", std::string(Describe(got))),
                reader_.offset());
}

Decoder::Outcome Decoder::Unfit(std::string_view problem, size_t offset) {
  return strict_ ? Refuse(problem, offset) : Outcome::kForeign;
}

Decoder::Outcome Decoder::Refuse(std::string_view problem, size_t offset) {
  error_->path.clear();
  error_->problem = problem;
  error_->offset = offset;
  error_->not_json = false;
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::SyntaxError() {
  Refuse(reader_.problem(), reader_.offset());
  error_->not_json = error_->problem != kKeyStandsTwice;
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::Within(std::string_view name) {
  name = Shorten(name);
  error_->path.insert(0, name).insert(0, 1, '.');
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::Within(size_t index) {
  error_->path.insert(0, absl::StrCat("[", index, "]"));
  return Outcome::kFailed;
}

}  // namespace portolan::codec
