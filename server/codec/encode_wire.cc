#include <bit>
#include <bitset>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "server/codec/encoder.h"
#include "server/codec/json_writer.h"
#include "server/codec/number.h"
#include "server/codec/wire.h"

namespace portolan::codec {
namespace {

class Encoder {
 public:
  // `expected`: about how long the text will be.
  Encoder(const EncodeOptions& options, size_t expected, std::string* out)
      : options_(options), out_(expected, out) {}

  void AppendMessage(const MessagePlan& plan, std::string_view wire);

 private:
  // What of one object has been met.
  using Present = std::bitset<MessagePlan::kMaxFields>;

  void AppendObject(const MessagePlan& plan, std::string_view wire);
  void AppendSink(const MessagePlan& plan, std::string_view entries);
  void AppendNulls(const MessagePlan& plan, const Present& present, std::string_view sink);
  void AppendUnion(const MessagePlan& plan, std::string_view wire);
  void AppendInline(const MessagePlan& plan, std::string_view wire);
  void AppendDuration(std::string_view wire);
  // The field of many values whose tag was just read, with all of them.
  void AppendField(const FieldPlan& field, uint32_t tag, WireReader* reader);
  void AppendElements(const FieldPlan& field, uint32_t tag, WireReader* reader);
  void AppendEntry(const FieldPlan& field, std::string_view wire);
  void AppendValue(const FieldPlan& field, WireReader* reader);
  void AppendDefault(const FieldPlan& field);
  void AppendEnum(const EnumPlan& spellings, int number);
  template <typename T>
  void AppendReal(T value) {
    if (std::isfinite(value)) {
      out_.Number(value);
    } else {
      out_.Put("null");
    }
  }

  const EncodeOptions& options_;
  JsonWriter out_;
};

// A pair of strings, or of a string and something else: an entry of a sink or of an object with free keys.
struct Entry {
  std::string_view key;
  std::string_view value;  // of a sink's entry
};

Entry ReadSinkEntry(const SinkPlan& sink, std::string_view wire) {
  Entry entry;
  for (WireReader reader(wire); !reader.done();) {
    const uint32_t tag = reader.Tag();
    if (tag == LengthTag(sink.name_number)) {
      entry.key = reader.Bytes();
    } else if (tag == LengthTag(sink.json_number)) {
      entry.value = reader.Bytes();
    } else {
      reader.Skip(TagType(tag));
    }
  }
  return entry;
}

int64_t ReadSigned(const FieldPlan& field, WireReader* reader) {
  switch (field.coding) {
    case WireCoding::kVarint:
    case WireCoding::kBytes:
      break;
    case WireCoding::kZigzag: {
      const uint64_t bits = reader->Varint();
      return static_cast<int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
    }
    case WireCoding::kFixed32:
      return reader->Fixed<int32_t>();
    case WireCoding::kFixed64:
      return reader->Fixed<int64_t>();
  }
  return static_cast<int64_t>(reader->Varint());
}

uint64_t ReadUnsigned(const FieldPlan& field, WireReader* reader) {
  if (field.coding == WireCoding::kFixed32) return reader->Fixed<uint32_t>();
  if (field.coding == WireCoding::kFixed64) return reader->Fixed<uint64_t>();
  return reader->Varint();
}

void Encoder::AppendMessage(const MessagePlan& plan, std::string_view wire) {
  switch (plan.form) {
    case Form::kObject:
      AppendObject(plan, wire);
      break;
    case Form::kUnion:
      AppendUnion(plan, wire);
      break;
    case Form::kInline:
      AppendInline(plan, wire);
      break;
    case Form::kDuration:
      AppendDuration(wire);
      break;
  }
}

// Every member is written with a comma before it; the first one's is then turned into the brace.
void Encoder::AppendObject(const MessagePlan& plan, std::string_view wire) {
  const size_t start = out_.size();
  const char* sink_begin = nullptr;
  const char* sink_end = nullptr;
  Present present;
  const FieldPlan* field = plan.fields.data();
  const FieldPlan* const end = field + plan.fields.size();
  for (WireReader reader(wire); !reader.done();) {
    const char* const at = reader.cursor();
    const uint32_t tag = reader.Tag();
    const uint32_t number = TagNumber(tag);
    if (plan.sink.number != 0 && tag == LengthTag(plan.sink.number)) {
      // Entries of one field stand together. They come last.
      if (sink_begin == nullptr) sink_begin = at;
      reader.Skip(TagType(tag));
      sink_end = reader.cursor();
      continue;
    }
    while (field != end && field->number < number) ++field;
    const bool known = field != end && field->number == number && field->TravelsAs(TagType(tag));
    if (!known || (field->gateway_only && options_.for_upstream)) {
      reader.Skip(TagType(tag));
      continue;
    }
    present[field->index] = true;
    out_.Put(field->prefix);
    if (field->plain_text) {
      out_.Quoted(reader.Bytes());
    } else if (field->shape == Shape::kSingle) {
      AppendValue(*field, &reader);
    } else {
      AppendField(*field, tag, &reader);
    }
  }
  const std::string_view sink(sink_begin, static_cast<size_t>(sink_end - sink_begin));
  if (options_.composed) AppendNulls(plan, present, sink);
  AppendSink(plan, sink);
  if (out_.size() == start) {
    out_.Put('{');
  } else {
    out_[start] = '{';
  }
  out_.Put('}');
}

void Encoder::AppendSink(const MessagePlan& plan, std::string_view entries) {
  for (WireReader reader(entries); !reader.done();) {
    reader.Tag();
    const Entry entry = ReadSinkEntry(plan.sink, reader.Bytes());
    if (options_.for_upstream && plan.has_gateway_only) {
      // A null in the place of an instruction to the gateway is one as well.
      const FieldPlan* field = plan.Lookup(entry.key);
      if (field != nullptr && field->gateway_only) continue;
    }
    out_.Put(',');
    out_.Quoted(entry.key);
    out_.Put(':');
    out_.Put(entry.value);
  }
}

void Encoder::AppendNulls(const MessagePlan& plan, const Present& present, std::string_view sink) {
  for (const uint16_t index : plan.nulls) {
    const FieldPlan& field = plan.fields[index];
    if (present[index] || (field.gateway_only && options_.for_upstream)) continue;
    bool kept = false;
    for (WireReader reader(sink); !reader.done() && !kept;) {
      reader.Tag();
      kept = ReadSinkEntry(plan.sink, reader.Bytes()).key == field.name;
    }
    if (kept) continue;
    out_.Put(field.prefix);
    out_.Put("null");
  }
}

void Encoder::AppendUnion(const MessagePlan& plan, std::string_view wire) {
  for (WireReader reader(wire); !reader.done();) {
    const uint32_t tag = reader.Tag();
    for (const FieldPlan& arm : plan.fields) {
      if (arm.number == TagNumber(tag) && arm.TravelsAs(TagType(tag))) return AppendValue(arm, &reader);
    }
    reader.Skip(TagType(tag));
  }
  out_.Put("null");
}

void Encoder::AppendInline(const MessagePlan& plan, std::string_view wire) {
  for (WireReader reader(wire); !reader.done();) {
    const uint32_t tag = reader.Tag();
    if (TagNumber(tag) == plan.fields[0].number && plan.fields[0].TravelsAs(TagType(tag))) {
      return AppendField(plan.fields[0], tag, &reader);
    }
    reader.Skip(TagType(tag));
  }
  out_.Put("[]");
}

void Encoder::AppendDuration(std::string_view wire) {
  int64_t parts[2] = {0, 0};  // google/protobuf/duration.proto: seconds = 1, nanos = 2
  for (WireReader reader(wire); !reader.done();) {
    const uint32_t tag = reader.Tag();
    if ((TagNumber(tag) == 1 || TagNumber(tag) == 2) && TagType(tag) == WireType::kVarint) {
      parts[TagNumber(tag) - 1] = static_cast<int64_t>(reader.Varint());
    } else {
      reader.Skip(TagType(tag));
    }
  }
  std::string text;
  codec::AppendDuration(parts[0], static_cast<int32_t>(parts[1]), &text);
  out_.Put(text);
}

void Encoder::AppendField(const FieldPlan& field, uint32_t tag, WireReader* reader) {
  out_.Put(field.shape == Shape::kArray ? '[' : '{');
  AppendElements(field, tag, reader);
  out_.Put(field.shape == Shape::kArray ? ']' : '}');
}

void Encoder::AppendElements(const FieldPlan& field, uint32_t tag, WireReader* reader) {
  if (TagType(tag) == WireType::kLength && field.coding != WireCoding::kBytes) {
    WireReader packed(reader->Bytes());
    for (bool first = true; !packed.done(); first = false) {
      if (!first) out_.Put(',');
      AppendValue(field, &packed);
    }
    return;
  }
  bool first = true;
  do {
    if (!first) out_.Put(',');
    first = false;
    if (field.shape == Shape::kObject) {
      AppendEntry(field, reader->Bytes());
    } else {
      AppendValue(field, reader);
    }
  } while (reader->TakeTag(tag));
}

// The key stands before the value, as their numbers say; either may be missing where it is the default.
void Encoder::AppendEntry(const FieldPlan& field, std::string_view wire) {
  WireReader reader(wire);
  std::string_view key;
  bool key_done = false;
  const auto append_key = [&] {
    if (!key_done) out_.Quoted(key);
    if (!key_done) out_.Put(':');
    key_done = true;
  };
  while (!reader.done()) {
    const uint32_t tag = reader.Tag();
    if (tag == LengthTag(field.key_number)) {
      key = reader.Bytes();
    } else if (TagNumber(tag) == field.value->number && field.value->TravelsAs(TagType(tag))) {
      append_key();
      return AppendValue(*field.value, &reader);
    } else {
      reader.Skip(TagType(tag));
    }
  }
  append_key();
  AppendDefault(*field.value);
}

void Encoder::AppendDefault(const FieldPlan& field) {
  if (field.has_presence) {
    out_.Put("null");
    return;
  }
  switch (field.kind) {
    case ValueKind::kBool:
      out_.Put("false");
      break;
    case ValueKind::kString:
    case ValueKind::kBytes:
      out_.Put("\"\"");
      break;
    case ValueKind::kEnum:
      AppendEnum(*field.spellings, 0);
      break;
    case ValueKind::kRaw:
    case ValueKind::kMessage:
      out_.Put("null");
      break;
    default:
      out_.Put('0');
  }
}

void Encoder::AppendEnum(const EnumPlan& spellings, int number) {
  const std::string* spelling = spellings.Spelling(number);
  if (spelling == nullptr) {
    out_.Put("null");
  } else {
    std::string text;
    AppendQuoted(*spelling, &text);
    out_.Put(text);
  }
}

void Encoder::AppendValue(const FieldPlan& field, WireReader* reader) {
  switch (field.kind) {
    case ValueKind::kBool:
      out_.Put(reader->Varint() != 0 ? "true" : "false");
      break;
    case ValueKind::kInt32:
    case ValueKind::kInt64:
      out_.Number(ReadSigned(field, reader));
      break;
    case ValueKind::kUint32:
    case ValueKind::kUint64:
      out_.Number(ReadUnsigned(field, reader));
      break;
    case ValueKind::kFloat:
      AppendReal(reader->Fixed<float>());
      break;
    case ValueKind::kDouble:
      AppendReal(reader->Fixed<double>());
      break;
    case ValueKind::kString:
      out_.Quoted(reader->Bytes());
      break;
    case ValueKind::kBytes: {
      const std::string_view bytes = reader->Bytes();
      out_.Put('"');
      out_.Put(std::string_view(absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()))));
      out_.Put('"');
      break;
    }
    case ValueKind::kRaw:
      out_.Put(reader->Bytes());
      break;
    case ValueKind::kEnum:
      AppendEnum(*field.spellings, static_cast<int>(reader->Varint()));
      break;
    case ValueKind::kMessage:
      AppendMessage(*field.type, reader->Bytes());
      break;
  }
}

}  // namespace

void EncodeByWire(const MessagePlan& plan, const pb::Message& message, size_t wire_size,
                  const EncodeOptions& options, std::string* out) {
  constexpr size_t kOnStack = 8192;
  uint8_t small[kOnStack + JsonWriter::kPadding];
  std::unique_ptr<uint8_t[]> large;
  if (wire_size > kOnStack)
    large = std::make_unique_for_overwrite<uint8_t[]>(wire_size + JsonWriter::kPadding);
  uint8_t* const wire = large != nullptr ? large.get() : small;
  message.SerializeWithCachedSizesToArray(wire);
  std::memset(wire + wire_size, 0, JsonWriter::kPadding);
  Encoder(options, 2 * wire_size, out)
      .AppendMessage(plan, std::string_view(reinterpret_cast<const char*>(wire), wire_size));
}

}  // namespace portolan::codec
