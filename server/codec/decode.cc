// Documents and values; objects are in decode_object.cc, errors in decode_error.cc.

#include <bit>
#include <climits>
#include <type_traits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "server/codec/decoder.h"
#include "server/codec/number.h"
#include "server/codec/wire_edit.h"

namespace portolan::codec {
namespace {

// An array of numbers stands in one run, without a tag for each.
bool IsPacked(const FieldPlan& field) {
  return field.shape == Shape::kArray && field.coding != WireCoding::kBytes;
}

WireType TypeOf(WireCoding coding) {
  switch (coding) {
    case WireCoding::kVarint:
    case WireCoding::kZigzag:
      return WireType::kVarint;
    case WireCoding::kFixed32:
      return WireType::kFixed32;
    case WireCoding::kFixed64:
      return WireType::kFixed64;
    case WireCoding::kBytes:
      break;
  }
  return WireType::kLength;
}

template <typename T>
void PutNumber(WireCoding coding, T value, WireWriter* out) {
  if constexpr (std::is_same_v<T, float>) {
    out->Fixed(std::bit_cast<uint32_t>(value));
  } else if constexpr (std::is_same_v<T, double>) {
    out->Fixed(std::bit_cast<uint64_t>(value));
  } else if (coding == WireCoding::kFixed32) {
    out->Fixed(static_cast<uint32_t>(value));
  } else if (coding == WireCoding::kFixed64) {
    out->Fixed(static_cast<uint64_t>(value));
  } else if (coding == WireCoding::kZigzag) {
    const auto wide = static_cast<int64_t>(value);
    out->Varint((static_cast<uint64_t>(wide) << 1) ^ static_cast<uint64_t>(wide >> 63));
  } else {
    // Negative numbers take ten bytes, whatever their type.
    out->Varint(static_cast<uint64_t>(static_cast<int64_t>(value)));
  }
}

// As access::FieldAccess has it.
template <typename T>
uint64_t ToBits(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(value);
  } else {
    return static_cast<uint64_t>(value);
  }
}

bool DecodeBase64(std::string_view text, std::string* bytes) {
  const absl::string_view source(text.data(), text.size());
  return absl::Base64Unescape(source, bytes) || absl::WebSafeBase64Unescape(source, bytes);
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
  Decoder decoder(json, options, nullptr, out, error);
  if (decoder.DecodeDocument(plan)) return true;
  if (!decoder.needs_wire()) return false;
  out->Clear();
  if (options.spans != nullptr) options.spans->clear();
  WireWriter wire(json.size());
  return Decoder(json, options, &wire, nullptr, error).DecodeDocument(plan) &&
         ParseWire(wire.view(), out, error);
}

bool DecodeToWire(const MessagePlan& plan, std::string_view json, const DecodeOptions& options,
                  std::string* out, DecodeError* error) {
  if (options.spans != nullptr) options.spans->clear();
  WireWriter wire(json.size());
  if (!Decoder(json, options, &wire, nullptr, error).DecodeDocument(plan)) return false;
  out->append(wire.view());
  return true;
}

bool ParseWire(std::string_view wire, pb::Message* out, DecodeError* error) {
  const pb::StringPiece text(wire.data(), wire.size());
  if (wire.size() <= INT_MAX && out->ParseFrom<pb::MessageLite::kMergePartial>(text)) return true;
  *error = {"", "too large or too deep", 0};
  return false;
}

bool Decoder::DecodeDocument(const MessagePlan& plan) {
  if (plan.form != Form::kObject) spans_ = nullptr;
  const JsonType type = reader_.Peek();
  if (type == JsonType::kInvalid) return Finish(SyntaxError());
  const Outcome outcome = DecodeMessage(plan);
  if (outcome == Outcome::kForeign) {
    return Finish(Refuse(absl::StrCat("expected ", std::string(Expected(plan)), ", got ",
                                      std::string(Describe(type)), " that is not known here"),
                         0));
  }
  return Finish(outcome);
}

bool Decoder::DecodeMember(const MessagePlan& plan, std::string_view name) {
  if (reader_.Peek() == JsonType::kInvalid) return Finish(SyntaxError());
  spans_ = nullptr;
  Seen seen;
  const FieldPlan* const field = plan.Lookup(name);
  return Finish(field == nullptr ? KeepRaw(plan, name) : DecodeKnown(plan, *field, &seen));
}

bool Decoder::Finish(Outcome outcome) {
  if (outcome == Outcome::kGood && !reader_.AtEnd()) outcome = SyntaxError();
  if (outcome != Outcome::kGood && error_->path.starts_with('.')) error_->path.erase(0, 1);
  return outcome == Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeField(const FieldPlan& field, bool* empty) {
  switch (field.shape) {
    case Shape::kSingle:
      return DecodeValue(field);
    case Shape::kArray:
      return DecodeArray(field, empty);
    case Shape::kObject:
      return DecodeFreeKeys(field, empty);
  }
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::DecodeArray(const FieldPlan& field, bool* empty) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kArray) return Mismatch("an array", type);
  if (!reader_.EnterArray()) return SyntaxError();
  size_t index = 0;
  size_t run = 0;
  for (; reader_.NextElement(); ++index) {
    if (index == 0 && out_ != nullptr && IsPacked(field)) {
      out_->Tag(field.number, WireType::kLength);
      run = out_->Open();
    }
    const Outcome outcome = DecodeValue(field);
    if (outcome == Outcome::kFailed) return Within(index);
    if (outcome == Outcome::kForeign) return outcome;
  }
  if (run != 0) out_->Close(run);
  *empty = index == 0;
  return reader_.failed() ? SyntaxError() : Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeFreeKeys(const FieldPlan& field, bool* empty) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kObject) return Mismatch("an object", type);
  if (!reader_.EnterObject()) return SyntaxError();
  const size_t key_mark = keys_.Mark();
  const size_t out_mark = out_ == nullptr ? 0 : out_->size();
  *empty = true;
  for (std::string_view key; reader_.NextMember(&key, &name_scratch_);) {
    *empty = false;
    key = keys_.Push(key, reader_.name_offset(), key.data() == name_scratch_.data());
    const Outcome outcome = DecodeEntry(field, key);
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
  if (message_ != nullptr) return NeedsWire();
  if (out_ != nullptr) KeepLastOfEach(field.number, field.key_number, out_mark, out_);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeEntry(const FieldPlan& field, std::string_view key) {
  size_t entry = 0;
  pb::Message* const outer = message_;
  if (out_ != nullptr) {
    out_->Tag(field.number, WireType::kLength);
    entry = out_->Open();
    out_->Text(field.key_number, key);
  } else if (outer != nullptr) {
    message_ = field.access->put_message(outer);
    field.key_access->put_text(message_, key.data(), key.size());
  }
  // An entry without a value is a null.
  const bool can_be_null = field.value->has_presence && field.value->kind != ValueKind::kRaw;
  Outcome outcome = Outcome::kGood;
  if (can_be_null && reader_.Peek() == JsonType::kNull) {
    if (!reader_.ReadNull()) outcome = SyntaxError();
  } else {
    outcome = DecodeValue(*field.value);
  }
  message_ = outer;
  if (out_ != nullptr && outcome == Outcome::kGood) out_->Close(entry);
  return outcome;
}

Decoder::Outcome Decoder::DecodeValue(const FieldPlan& field) {
  switch (field.kind) {
    case ValueKind::kBool:
      return DecodeBool(field);
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kUint32:
    case ValueKind::kUint64:
    case ValueKind::kFloat:
    case ValueKind::kDouble:
      return DecodeNumber(field);
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kEnum:
      return DecodeText(field);
    case ValueKind::kRaw:
      return DecodeRaw(field);
    case ValueKind::kMessage:
      break;
  }
  if (checks_only_) return DecodeMessage(*field.type);
  if (pb::Message* const outer = message_) {
    message_ = field.access->put_message(outer);
    const Outcome outcome = DecodeMessage(*field.type);
    message_ = outer;
    return outcome;
  }
  out_->Tag(field.number, WireType::kLength);
  const size_t child = out_->Open();
  const Outcome outcome = DecodeMessage(*field.type);
  if (outcome == Outcome::kGood) out_->Close(child);
  return outcome;
}

// Before each value but those of a run.
void Decoder::WriteTag(const FieldPlan& field) {
  if (!IsPacked(field)) out_->Tag(field.number, TypeOf(field.coding));
}

void Decoder::WriteText(const FieldPlan& field, std::string_view text) {
  if (message_ != nullptr) return field.access->put_text(message_, text.data(), text.size());
  if (out_ != nullptr) out_->Text(field.number, text);
}

void Decoder::WriteVarint(const FieldPlan& field, uint64_t value) {
  if (message_ != nullptr) return field.access->put_bits(message_, value);
  if (out_ == nullptr) return;
  WriteTag(field);
  out_->Varint(value);
}

template <typename T>
void Decoder::WriteNumber(const FieldPlan& field, T value) {
  if (message_ != nullptr) return field.access->put_bits(message_, ToBits(value));
  if (out_ == nullptr) return;
  WriteTag(field);
  PutNumber(field.coding, value, out_);
}

Decoder::Outcome Decoder::DecodeBool(const FieldPlan& field) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kBool) return Mismatch("a boolean", type);
  bool value = false;
  if (!reader_.ReadBool(&value)) return SyntaxError();
  WriteVarint(field, value ? 1 : 0);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeRaw(const FieldPlan& field) {
  std::string_view raw;
  if (!reader_.Skip(&raw, strict_)) return SyntaxError();
  WriteText(field, raw);
  return Outcome::kGood;
}

template <typename T>
Decoder::Outcome Decoder::DecodeNumberAs(const FieldPlan& field, std::string_view text, size_t offset) {
  T value = 0;
  NumberError error;
  if constexpr (std::is_floating_point_v<T>) {
    error = ParseReal(text, &value);
  } else {
    error = ParseInteger(text, &value);
  }
  if (error == NumberError::kNotInteger) return Unfit("expected an integer", offset);
  if (error == NumberError::kOutOfRange) return Unfit("the number is out of range", offset);
  WriteNumber(field, value);
  return Outcome::kGood;
}

Decoder::Outcome Decoder::DecodeNumber(const FieldPlan& field) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kNumber) return Mismatch("a number", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadNumber(&text)) return SyntaxError();
  switch (field.kind) {
    case ValueKind::kInt32:
      return DecodeNumberAs<int32_t>(field, text, offset);
    case ValueKind::kInt64:
      return DecodeNumberAs<int64_t>(field, text, offset);
    case ValueKind::kUint32:
      return DecodeNumberAs<uint32_t>(field, text, offset);
    case ValueKind::kUint64:
      return DecodeNumberAs<uint64_t>(field, text, offset);
    case ValueKind::kFloat:
      return DecodeNumberAs<float>(field, text, offset);
    default:
      return DecodeNumberAs<double>(field, text, offset);
  }
}

Decoder::Outcome Decoder::DecodeText(const FieldPlan& field) {
  const JsonType type = reader_.Peek();
  if (type != JsonType::kString) return Mismatch("a string", type);
  const size_t offset = reader_.offset();
  std::string_view text;
  if (!reader_.ReadString(&text, &scratch_, LoneSurrogate::kReplace)) return SyntaxError();
  if (field.kind == ValueKind::kEnum) {
    int number = 0;
    if (!field.spellings->Number(text, &number)) {
      return Unfit(absl::StrCat("expected ", field.spellings->expected), offset);
    }
    WriteVarint(field, static_cast<uint64_t>(static_cast<int64_t>(number)));
  } else if (field.kind == ValueKind::kBytes) {
    std::string bytes;
    if (!DecodeBase64(text, &bytes)) return Unfit("expected base64", offset);
    WriteText(field, bytes);
  } else {
    WriteText(field, text);
  }
  return Outcome::kGood;
}

}  // namespace portolan::codec
