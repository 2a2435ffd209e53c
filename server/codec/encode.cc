#include <array>
#include <bit>
#include <bitset>
#include <cmath>
#include <string>

#include "absl/strings/escaping.h"
#include "google/protobuf/duration.pb.h"
#include "server/codec/codec.h"
#include "server/codec/json_string.h"
#include "server/codec/json_writer.h"
#include "server/codec/number.h"
#include "server/codec/plan.h"
#include "server/codec/sink.h"

namespace portolan::codec {
namespace {

// For a text of unknown length.
constexpr size_t kExpectedBytes = 1024;

class Encoder {
 public:
  Encoder(const EncodeOptions& options, std::string* out) : options_(options), out_(kExpectedBytes, out) {}

  void AppendMessage(const MessagePlan& plan, const pb::Message& message);

 private:
  // Which fields of an object are set.
  using Present = std::bitset<MessagePlan::kMaxFields>;

  void AppendObject(const MessagePlan& plan, const pb::Message& message);
  void AppendSink(const MessagePlan& plan, const pb::Message& message);
  void AppendNulls(const MessagePlan& plan, const Present& present, const pb::Message& message);
  void AppendUnion(const MessagePlan& plan, const pb::Message& message);
  void AppendDuration(const google::protobuf::Duration& duration);
  // All values of a field.
  void AppendField(const FieldPlan& field, const pb::Message& message);
  void AppendArray(const FieldPlan& field, const pb::Message& message);
  void AppendFreeKeys(const FieldPlan& field, const pb::Message& message);
  // The value of a single field, or the one at `index` of a repeated field.
  void AppendValue(const FieldPlan& field, const pb::Message& message, int index);
  void AppendEnum(const EnumPlan& spellings, int number);
  void AppendVerbatim(const std::string& json);
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

void Encoder::AppendMessage(const MessagePlan& plan, const pb::Message& message) {
  switch (plan.form) {
    case Form::kObject:
      AppendObject(plan, message);
      break;
    case Form::kUnion:
      AppendUnion(plan, message);
      break;
    case Form::kInline:
      AppendField(plan.fields[0], message);
      break;
    case Form::kDuration:
      AppendDuration(static_cast<const google::protobuf::Duration&>(message));
      break;
  }
}

// Every member is written with a comma before it; the first one's is then turned into the brace.
void Encoder::AppendObject(const MessagePlan& plan, const pb::Message& message) {
  const size_t start = out_.size();
  std::array<uint16_t, MessagePlan::kMaxFields> set;
  const size_t count = plan.access->list(message, set.data());
  Present present;
  bool has_sink = false;
  for (size_t i = 0; i < count; ++i) {
    const uint16_t place = plan.by_index[set[i]];
    if (place == MessagePlan::kNoField) {
      has_sink = true;
      continue;
    }
    const FieldPlan& field = plan.fields[place];
    if (field.gateway_only && options_.for_upstream) continue;
    present[place] = true;
    out_.Put(field.prefix);
    if (field.plain_text) {
      out_.Quoted(field.access->text(message, 0));
    } else {
      AppendField(field, message);
    }
  }
  if (options_.composed) AppendNulls(plan, present, message);
  if (has_sink) AppendSink(plan, message);
  if (out_.size() == start) {
    out_.Put('{');
  } else {
    out_[start] = '{';
  }
  out_.Put('}');
}

void Encoder::AppendSink(const MessagePlan& plan, const pb::Message& message) {
  const SinkPlan& sink = plan.sink;
  const int size = sink.access->size(message);
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = sink.access->message(message, i);
    const std::string& name = sink.name_access->text(entry, 0);
    if (options_.for_upstream && plan.has_gateway_only) {
      // A null in place of the gateway's own member is left out too.
      const FieldPlan* field = plan.Lookup(name);
      if (field != nullptr && field->gateway_only) continue;
    }
    out_.Put(',');
    out_.Quoted(name);
    out_.Put(':');
    AppendVerbatim(sink.json_access->text(entry, 0));
  }
}

void Encoder::AppendNulls(const MessagePlan& plan, const Present& present, const pb::Message& message) {
  for (const uint16_t place : plan.nulls) {
    const FieldPlan& field = plan.fields[place];
    if (present[place] || (field.gateway_only && options_.for_upstream)) continue;
    if (FindInSink(plan.sink, field.name, message) >= 0) continue;
    out_.Put(field.prefix);
    out_.Put("null");
  }
}

void Encoder::AppendUnion(const MessagePlan& plan, const pb::Message& message) {
  std::array<uint16_t, MessagePlan::kMaxFields> set;
  if (plan.access->list(message, set.data()) == 0) {
    out_.Put("null");
  } else {
    AppendValue(plan.fields[plan.by_index[set[0]]], message, 0);
  }
}

void Encoder::AppendDuration(const google::protobuf::Duration& duration) {
  std::string text;
  codec::AppendDuration(duration.seconds(), duration.nanos(), &text);
  out_.Put(text);
}

void Encoder::AppendField(const FieldPlan& field, const pb::Message& message) {
  switch (field.shape) {
    case Shape::kSingle:
      AppendValue(field, message, 0);
      break;
    case Shape::kArray:
      AppendArray(field, message);
      break;
    case Shape::kObject:
      AppendFreeKeys(field, message);
      break;
  }
}

void Encoder::AppendArray(const FieldPlan& field, const pb::Message& message) {
  out_.Put('[');
  const int size = field.access->size(message);
  for (int i = 0; i < size; ++i) {
    if (i != 0) out_.Put(',');
    AppendValue(field, message, i);
  }
  out_.Put(']');
}

void Encoder::AppendFreeKeys(const FieldPlan& field, const pb::Message& message) {
  out_.Put('{');
  const FieldPlan& value = *field.value;
  const int size = field.access->size(message);
  for (int i = 0; i < size; ++i) {
    if (i != 0) out_.Put(',');
    const pb::Message& entry = field.access->message(message, i);
    out_.Quoted(field.key_access->text(entry, 0));
    out_.Put(':');
    // Of an entry's two fields the value is the one that can be absent as well as empty.
    if (value.has_presence && !value.reflection->HasField(entry, value.field)) {
      out_.Put("null");
    } else {
      AppendValue(value, entry, 0);
    }
  }
  out_.Put('}');
}

void Encoder::AppendEnum(const EnumPlan& spellings, int number) {
  const std::string* spelling = spellings.Spelling(number);
  if (spelling == nullptr) {
    out_.Put("null");
  } else {
    out_.Quoted(*spelling);
  }
}

void Encoder::AppendVerbatim(const std::string& json) {
  if (!options_.replace_surrogates || json.find("\\u") == std::string::npos) {
    out_.Put(json);
    return;
  }
  std::string whole = json;
  ReplaceLoneSurrogates(&whole);
  out_.Put(whole);
}

void Encoder::AppendValue(const FieldPlan& field, const pb::Message& message, int index) {
  const access::FieldAccess& from = *field.access;
  switch (field.kind) {
    case ValueKind::kBool:
      out_.Put(from.bits(message, index) != 0 ? "true" : "false");
      break;
    case ValueKind::kInt32:
    case ValueKind::kInt64:
      out_.Number(static_cast<int64_t>(from.bits(message, index)));
      break;
    case ValueKind::kUint32:
    case ValueKind::kUint64:
      out_.Number(from.bits(message, index));
      break;
    case ValueKind::kFloat:
      AppendReal(std::bit_cast<float>(static_cast<uint32_t>(from.bits(message, index))));
      break;
    case ValueKind::kDouble:
      AppendReal(std::bit_cast<double>(from.bits(message, index)));
      break;
    case ValueKind::kString:
      out_.Quoted(from.text(message, index));
      break;
    case ValueKind::kBytes:
      out_.Put('"');
      out_.Put(std::string_view(absl::Base64Escape(from.text(message, index))));
      out_.Put('"');
      break;
    case ValueKind::kRaw:
      AppendVerbatim(from.text(message, index));
      break;
    case ValueKind::kEnum:
      AppendEnum(*field.spellings, static_cast<int>(from.bits(message, index)));
      break;
    case ValueKind::kMessage:
      AppendMessage(*field.type, from.message(message, index));
      break;
  }
}

}  // namespace

void Encode(const MessagePlan& plan, const pb::Message& message, const EncodeOptions& options,
            std::string* out) {
  Encoder(options, out).AppendMessage(plan, message);
}

}  // namespace portolan::codec
