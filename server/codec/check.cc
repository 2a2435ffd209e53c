#include <cmath>

#include "absl/strings/str_cat.h"
#include "server/codec/key_tracker.h"
#include "server/codec/number.h"
#include "server/codec/plan.h"

namespace portolan::codec {
namespace {

bool IsPresent(const MessagePlan& plan, const FieldPlan& field, const pb::Message& message) {
  return field.shape == Shape::kSingle ? plan.reflection->HasField(message, field.field)
                                       : plan.reflection->FieldSize(message, field.field) != 0;
}

class Checker {
 public:
  Checker(const DecodeOptions& options, DecodeError* error) : options_(options), error_(error) {}

  bool CheckMessage(const MessagePlan& plan, const pb::Message& message, int depth);

 private:
  bool CheckObject(const MessagePlan& plan, const pb::Message& message, int depth);
  bool CheckSink(const MessagePlan& plan, const pb::Message& message, int depth);
  bool CheckUnion(const MessagePlan& plan, const pb::Message& message, int depth);
  bool CheckDuration(const MessagePlan& plan, const pb::Message& message);
  bool CheckField(const FieldPlan& field, const pb::Message& message, int depth);
  bool CheckFreeKeys(const FieldPlan& field, const pb::Message& message, int depth);
  bool CheckValue(const FieldPlan& field, const pb::Message& message, int index, int depth);
  bool CheckJson(std::string_view json, int depth);

  bool Refuse(std::string_view problem);
  // On the way out of an error: what leads to it.
  bool Within(std::string_view step);

  const DecodeOptions& options_;
  DecodeError* const error_;
};

bool Checker::Refuse(std::string_view problem) {
  error_->path.clear();
  error_->problem = problem;
  error_->offset = 0;
  return false;
}

bool Checker::Within(std::string_view step) {
  error_->path.insert(0, step);
  return false;
}

bool Checker::CheckMessage(const MessagePlan& plan, const pb::Message& message, int depth) {
  switch (plan.form) {
    case Form::kObject:
      return CheckObject(plan, message, depth);
    case Form::kUnion:
      return CheckUnion(plan, message, depth);
    case Form::kInline:
      return CheckField(plan.fields[0], message, depth);
    case Form::kDuration:
      return CheckDuration(plan, message);
  }
  return false;
}

bool Checker::CheckObject(const MessagePlan& plan, const pb::Message& message, int depth) {
  if (depth >= options_.max_depth) return Refuse("nested too deep");
  for (const uint16_t index : plan.verbatim) {
    const FieldPlan& field = plan.fields[index];
    if (IsPresent(plan, field, message) && !CheckField(field, message, depth + 1)) {
      return Within(absl::StrCat(".", field.name));
    }
  }
  return plan.sink.field == nullptr || CheckSink(plan, message, depth + 1);
}

bool Checker::CheckSink(const MessagePlan& plan, const pb::Message& message, int depth) {
  const SinkPlan& sink = plan.sink;
  const int size = plan.reflection->FieldSize(message, sink.field);
  if (size == 0) return true;
  KeyTracker names;
  std::string scratch;
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = plan.reflection->GetRepeatedMessage(message, sink.field, i);
    const std::string& name = sink.entry->GetStringReference(entry, sink.name, &scratch);
    const auto within = [&] { return Within(absl::StrCat(".", sink.field->name(), "[", i, "]")); };
    const FieldPlan* field = plan.Lookup(name);
    if (field != nullptr && IsPresent(plan, *field, message)) {
      Refuse("bears the name of a field that is present");
      return within();
    }
    if (!CheckJson(sink.entry->GetStringReference(entry, sink.json, &scratch), depth)) return within();
    names.Push(name, static_cast<size_t>(i), false);
  }
  KeyTracker::Key repeated;
  if (!names.HasDuplicate(0, &repeated)) return true;
  Refuse("the name stands twice");
  return Within(absl::StrCat(".", sink.field->name(), "[", repeated.offset, "]"));
}

bool Checker::CheckUnion(const MessagePlan& plan, const pb::Message& message, int depth) {
  const pb::FieldDescriptor* set =
      plan.reflection->GetOneofFieldDescriptor(message, plan.descriptor->oneof_decl(0));
  if (set == nullptr) return Refuse("holds no value");
  return CheckValue(plan.fields[plan.by_index[static_cast<size_t>(set->index())]], message, 0, depth);
}

bool Checker::CheckDuration(const MessagePlan& plan, const pb::Message& message) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  for (const FieldPlan& field : plan.fields) {
    if (field.kind == ValueKind::kInt64) seconds = plan.reflection->GetInt64(message, field.field);
    if (field.kind == ValueKind::kInt32) nanos = plan.reflection->GetInt32(message, field.field);
  }
  return IsValidDuration(seconds, nanos) || Refuse("not a valid duration");
}

bool Checker::CheckField(const FieldPlan& field, const pb::Message& message, int depth) {
  if (field.shape == Shape::kSingle) return CheckValue(field, message, 0, depth);
  if (depth >= options_.max_depth) return Refuse("nested too deep");
  if (field.shape == Shape::kObject) return CheckFreeKeys(field, message, depth + 1);
  const int size = field.reflection->FieldSize(message, field.field);
  for (int i = 0; i < size; ++i) {
    if (!CheckValue(field, message, i, depth + 1)) return Within(absl::StrCat("[", i, "]"));
  }
  return true;
}

bool Checker::CheckFreeKeys(const FieldPlan& field, const pb::Message& message, int depth) {
  const FieldPlan& value = *field.value;
  const int size = field.reflection->FieldSize(message, field.field);
  KeyTracker keys;
  std::string scratch;
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = field.reflection->GetRepeatedMessage(message, field.field, i);
    keys.Push(value.reflection->GetStringReference(entry, field.key, &scratch), static_cast<size_t>(i),
              false);
    if (value.has_presence && !value.reflection->HasField(entry, value.field)) continue;
    if (!CheckValue(value, entry, 0, depth)) return Within(absl::StrCat("[", i, "]"));
  }
  KeyTracker::Key repeated;
  if (!keys.HasDuplicate(0, &repeated)) return true;
  Refuse(kKeyStandsTwice);
  return Within(absl::StrCat("[", repeated.offset, "]"));
}

bool Checker::CheckValue(const FieldPlan& field, const pb::Message& message, int index, int depth) {
  const pb::Reflection& r = *field.reflection;
  const bool many = field.shape == Shape::kArray;
  const pb::FieldDescriptor* f = field.field;
  std::string scratch;
  switch (field.kind) {
    case ValueKind::kFloat:
      return std::isfinite(many ? r.GetRepeatedFloat(message, f, index) : r.GetFloat(message, f)) ||
             Refuse("JSON has no such number");
    case ValueKind::kDouble:
      return std::isfinite(many ? r.GetRepeatedDouble(message, f, index) : r.GetDouble(message, f)) ||
             Refuse("JSON has no such number");
    case ValueKind::kEnum:
      return field.spellings->Spelling(many ? r.GetRepeatedEnumValue(message, f, index)
                                            : r.GetEnumValue(message, f)) != nullptr ||
             Refuse(absl::StrCat("expected ", field.spellings->expected));
    case ValueKind::kRaw:
      return CheckJson(many ? r.GetRepeatedStringReference(message, f, index, &scratch)
                            : r.GetStringReference(message, f, &scratch),
                       depth);
    case ValueKind::kMessage:
      return CheckMessage(*field.type,
                          many ? r.GetRepeatedMessage(message, f, index) : r.GetMessage(message, f), depth);
    default:
      return true;
  }
}

bool Checker::CheckJson(std::string_view json, int depth) {
  JsonReader reader(json, options_.max_depth - depth);
  if (reader.Skip(nullptr, options_.strictness == Strictness::kRequest) && reader.AtEnd()) return true;
  return Refuse(absl::StrCat("not JSON: ", reader.problem(), " at byte ", reader.offset()));
}

}  // namespace

bool CheckVerbatim(const MessagePlan& plan, const pb::Message& message, const DecodeOptions& options,
                   DecodeError* error) {
  const bool good = Checker(options, error).CheckMessage(plan, message, 0);
  if (!good && error->path.starts_with('.')) error->path.erase(0, 1);
  return good;
}

}  // namespace portolan::codec
