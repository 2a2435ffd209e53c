#include "tests/support/reflection_encoder.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "server/codec/json_string.h"
#include "server/codec/number.h"
#include "server/codec/plan.h"
#include "server/codec/sink.h"

namespace portolan::codec {
namespace {

class Encoder {
 public:
  Encoder(const EncodeOptions& options, std::string* out) : options_(options), out_(out) {}

  void AppendMessage(const MessagePlan& plan, const pb::Message& message);

 private:
  using Listed = std::vector<const pb::FieldDescriptor*>;

  void AppendObject(const MessagePlan& plan, const pb::Message& message);
  void AppendSink(const MessagePlan& plan, const pb::Message& message);
  void AppendNulls(const MessagePlan& plan, const pb::Message& message);
  void AppendUnion(const MessagePlan& plan, const pb::Message& message);
  void AppendDuration(const MessagePlan& plan, const pb::Message& message);
  void AppendField(const FieldPlan& field, const pb::Message& message);
  void AppendArray(const FieldPlan& field, const pb::Message& message);
  void AppendFreeKeys(const FieldPlan& field, const pb::Message& message);
  // The value of a single field, or the one at `index` of a repeated field.
  void AppendValue(const FieldPlan& field, const pb::Message& message, int index);
  void AppendText(const FieldPlan& field, const pb::Message& message, int index);
  void AppendVerbatim(std::string json);
  void AppendEnum(const FieldPlan& field, const pb::Message& message, int index);

  const EncodeOptions& options_;
  std::string* const out_;
  std::string scratch_;
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
      AppendDuration(plan, message);
      break;
  }
}

// Every member is written with a comma before it; the first one's is then turned into the brace.
void Encoder::AppendObject(const MessagePlan& plan, const pb::Message& message) {
  const size_t start = out_->size();
  Listed listed;
  listed.reserve(plan.fields.size() + 1);
  plan.reflection->ListFields(message, &listed);
  bool has_sink = false;
  for (const pb::FieldDescriptor* descriptor : listed) {
    const uint16_t index = plan.by_index[static_cast<size_t>(descriptor->index())];
    if (index == MessagePlan::kNoField) {
      has_sink = true;
      continue;
    }
    const FieldPlan& field = plan.fields[index];
    if (field.gateway_only && options_.for_upstream) continue;
    out_->append(field.prefix);
    AppendField(field, message);
  }
  if (options_.composed) AppendNulls(plan, message);
  if (has_sink) AppendSink(plan, message);
  if (out_->size() == start) {
    out_->push_back('{');
  } else {
    (*out_)[start] = '{';
  }
  out_->push_back('}');
}

void Encoder::AppendSink(const MessagePlan& plan, const pb::Message& message) {
  const SinkPlan& sink = plan.sink;
  const int size = plan.reflection->FieldSize(message, sink.field);
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = plan.reflection->GetRepeatedMessage(message, sink.field, i);
    const std::string& name = sink.entry->GetStringReference(entry, sink.name, &scratch_);
    if (options_.for_upstream && plan.has_gateway_only) {
      const FieldPlan* field = plan.Lookup(name);
      if (field != nullptr && field->gateway_only) continue;
    }
    out_->push_back(',');
    AppendQuoted(name, out_);
    out_->push_back(':');
    AppendVerbatim(sink.entry->GetStringReference(entry, sink.json, &scratch_));
  }
}

void Encoder::AppendNulls(const MessagePlan& plan, const pb::Message& message) {
  for (const uint16_t index : plan.nulls) {
    const FieldPlan& field = plan.fields[index];
    if (field.gateway_only && options_.for_upstream) continue;
    const bool present = field.shape == Shape::kSingle
                             ? plan.reflection->HasField(message, field.field)
                             : plan.reflection->FieldSize(message, field.field) != 0;
    if (present || FindInSink(plan.sink, field.name, message) >= 0) continue;
    out_->append(field.prefix).append("null");
  }
}

void Encoder::AppendUnion(const MessagePlan& plan, const pb::Message& message) {
  const pb::FieldDescriptor* set =
      plan.reflection->GetOneofFieldDescriptor(message, plan.descriptor->oneof_decl(0));
  if (set == nullptr) {
    out_->append("null");
  } else {
    AppendValue(plan.fields[plan.by_index[static_cast<size_t>(set->index())]], message, 0);
  }
}

void Encoder::AppendDuration(const MessagePlan& plan, const pb::Message& message) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  for (const FieldPlan& field : plan.fields) {
    if (field.kind == ValueKind::kInt64) seconds = plan.reflection->GetInt64(message, field.field);
    if (field.kind == ValueKind::kInt32) nanos = plan.reflection->GetInt32(message, field.field);
  }
  codec::AppendDuration(seconds, nanos, out_);
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
  out_->push_back('[');
  const int size = field.reflection->FieldSize(message, field.field);
  for (int i = 0; i < size; ++i) {
    if (i != 0) out_->push_back(',');
    AppendValue(field, message, i);
  }
  out_->push_back(']');
}

void Encoder::AppendFreeKeys(const FieldPlan& field, const pb::Message& message) {
  out_->push_back('{');
  const FieldPlan& value = *field.value;
  const int size = field.reflection->FieldSize(message, field.field);
  for (int i = 0; i < size; ++i) {
    if (i != 0) out_->push_back(',');
    const pb::Message& entry = field.reflection->GetRepeatedMessage(message, field.field, i);
    AppendQuoted(value.reflection->GetStringReference(entry, field.key, &scratch_), out_);
    out_->push_back(':');
    if (value.has_presence && !value.reflection->HasField(entry, value.field)) {
      out_->append("null");
    } else {
      AppendValue(value, entry, 0);
    }
  }
  out_->push_back('}');
}

void Encoder::AppendValue(const FieldPlan& field, const pb::Message& message, int index) {
  const pb::Reflection& r = *field.reflection;
  const pb::FieldDescriptor* f = field.field;
  const bool many = field.shape == Shape::kArray;
  switch (field.kind) {
    case ValueKind::kBool:
      out_->append((many ? r.GetRepeatedBool(message, f, index) : r.GetBool(message, f)) ? "true" : "false");
      break;
    case ValueKind::kInt32:
      AppendNumber(int64_t{many ? r.GetRepeatedInt32(message, f, index) : r.GetInt32(message, f)}, out_);
      break;
    case ValueKind::kInt64:
      AppendNumber(many ? r.GetRepeatedInt64(message, f, index) : r.GetInt64(message, f), out_);
      break;
    case ValueKind::kUint32:
      AppendNumber(uint64_t{many ? r.GetRepeatedUInt32(message, f, index) : r.GetUInt32(message, f)}, out_);
      break;
    case ValueKind::kUint64:
      AppendNumber(many ? r.GetRepeatedUInt64(message, f, index) : r.GetUInt64(message, f), out_);
      break;
    case ValueKind::kFloat:
      AppendNumber(many ? r.GetRepeatedFloat(message, f, index) : r.GetFloat(message, f), out_);
      break;
    case ValueKind::kDouble:
      AppendNumber(many ? r.GetRepeatedDouble(message, f, index) : r.GetDouble(message, f), out_);
      break;
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kRaw:
      AppendText(field, message, index);
      break;
    case ValueKind::kEnum:
      AppendEnum(field, message, index);
      break;
    case ValueKind::kMessage:
      AppendMessage(*field.type, many ? r.GetRepeatedMessage(message, f, index) : r.GetMessage(message, f));
      break;
  }
}

void Encoder::AppendText(const FieldPlan& field, const pb::Message& message, int index) {
  const std::string& text =
      field.shape == Shape::kArray
          ? field.reflection->GetRepeatedStringReference(message, field.field, index, &scratch_)
          : field.reflection->GetStringReference(message, field.field, &scratch_);
  if (field.kind == ValueKind::kRaw) {
    AppendVerbatim(text);
  } else if (field.kind == ValueKind::kBytes) {
    out_->push_back('"');
    out_->append(absl::Base64Escape(text));
    out_->push_back('"');
  } else {
    AppendQuoted(text, out_);
  }
}

void Encoder::AppendVerbatim(std::string json) {
  if (options_.replace_surrogates) ReplaceLoneSurrogates(&json);
  out_->append(json);
}

void Encoder::AppendEnum(const FieldPlan& field, const pb::Message& message, int index) {
  const int number = field.shape == Shape::kArray
                         ? field.reflection->GetRepeatedEnumValue(message, field.field, index)
                         : field.reflection->GetEnumValue(message, field.field);
  const std::string* spelling = field.spellings->Spelling(number);
  if (spelling == nullptr) {
    out_->append("null");
  } else {
    AppendQuoted(*spelling, out_);
  }
}

}  // namespace

void EncodeByReflection(const MessagePlan& plan, const pb::Message& message, const EncodeOptions& options,
                        std::string* out) {
  Encoder(options, out).AppendMessage(plan, message);
}

}  // namespace portolan::codec
