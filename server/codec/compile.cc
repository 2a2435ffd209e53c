#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "portolan/options/v1/options.pb.h"
#include "server/codec/field_facts.h"
#include "server/codec/json_string.h"
#include "server/codec/plan.h"

namespace portolan::codec {
namespace {

namespace options = portolan::options::v1;

absl::Status Wrong(const pb::Descriptor& type, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(type.full_name(), ": ", std::string(what)));
}

absl::Status Wrong(const pb::FieldDescriptor& field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field.full_name(), ": ", std::string(what)));
}

absl::Status FindAccess(const pb::Descriptor& type, const access::MessageAccess** out) {
  *out = access::Find(type.full_name());
  if (*out == nullptr) return Wrong(type, "its code was generated without the tables of access.h");
  return absl::OkStatus();
}

const access::FieldAccess* AccessOf(const access::MessageAccess& message, const pb::FieldDescriptor& field) {
  return &message.fields[static_cast<size_t>(field.index())];
}

bool IsString(const pb::FieldDescriptor* field, std::string_view name) {
  return field != nullptr && field->name() == name && field->type() == pb::FieldDescriptor::TYPE_STRING &&
         !field->is_repeated();
}

}  // namespace

struct Codec::Plans {
  absl::Status AddRoots(std::span<const pb::Descriptor* const> types);
  const MessagePlan* Find(const pb::Descriptor* type) const;

 private:
  absl::Status AddMessage(const pb::Descriptor& type, const MessagePlan** out);
  absl::Status AddFields(MessagePlan* plan);
  absl::Status AddField(const pb::FieldDescriptor& field, MessagePlan* plan);
  absl::Status SetKind(const pb::FieldDescriptor& field, FieldPlan* plan);
  absl::Status SetEntry(const pb::FieldDescriptor& field, FieldPlan* plan);
  absl::Status SetSink(const pb::FieldDescriptor& field, MessagePlan* plan);
  absl::Status AddEnum(const pb::EnumDescriptor& type, const EnumPlan** out);
  absl::Status CheckObject(const MessagePlan& plan) const;
  absl::Status FinishUnion(MessagePlan* plan);
  absl::Status AddArm(const FieldPlan& arm, MessagePlan* plan);

  std::set<const pb::Descriptor*> roots_;
  std::unordered_map<const pb::Descriptor*, std::unique_ptr<MessagePlan>> messages_;
  std::unordered_map<const pb::EnumDescriptor*, std::unique_ptr<EnumPlan>> enums_;
  std::deque<FieldPlan> entry_values_;
};

const MessagePlan* Codec::Plans::Find(const pb::Descriptor* type) const {
  const auto found = messages_.find(type);
  return found == messages_.end() ? nullptr : found->second.get();
}

absl::Status Codec::Plans::AddRoots(std::span<const pb::Descriptor* const> types) {
  roots_.insert(types.begin(), types.end());
  for (const pb::Descriptor* type : types) {
    const MessagePlan* plan = nullptr;
    if (absl::Status status = AddMessage(*type, &plan); !status.ok()) return status;
  }
  // Which arm takes what depends on types that may have been compiled later than the union.
  for (const auto& [type, plan] : messages_) {
    if (plan->form != Form::kUnion) continue;
    if (absl::Status status = FinishUnion(plan.get()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Codec::Plans::AddMessage(const pb::Descriptor& type, const MessagePlan** out) {
  std::unique_ptr<MessagePlan>& slot = messages_[&type];
  if (slot == nullptr) {
    slot = std::make_unique<MessagePlan>();
    MessagePlan* plan = slot.get();
    *out = plan;
    plan->descriptor = &type;
    const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(&type);
    if (prototype == nullptr) return Wrong(type, "not a generated type");
    plan->reflection = prototype->GetReflection();
    const bool is_union = type.options().GetExtension(options::union_);
    const bool is_inline = type.options().GetExtension(options::inline_);
    if (is_union && is_inline) return Wrong(type, "both union and inline");
    plan->form = type.full_name() == "google.protobuf.Duration" ? Form::kDuration
                 : is_union                                     ? Form::kUnion
                 : is_inline                                    ? Form::kInline
                                                                : Form::kObject;
    if (plan->form != Form::kDuration) {
      if (absl::Status status = FindAccess(type, &plan->access); !status.ok()) return status;
    }
    return AddFields(plan);
  }
  *out = slot.get();
  return absl::OkStatus();
}

absl::Status Codec::Plans::AddFields(MessagePlan* plan) {
  const pb::Descriptor& type = *plan->descriptor;
  if (static_cast<size_t>(type.field_count()) > MessagePlan::kMaxFields)
    return Wrong(type, "too many fields");
  if (type.real_oneof_decl_count() > static_cast<int>(MessagePlan::kMaxOneofs))
    return Wrong(type, "too many oneofs");
  std::vector<const pb::FieldDescriptor*> ordered;
  ordered.reserve(static_cast<size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) ordered.push_back(type.field(i));
  std::sort(ordered.begin(), ordered.end(), [](auto* a, auto* b) { return a->number() < b->number(); });
  for (const pb::FieldDescriptor* field : ordered) {
    const bool is_sink = field->options().GetExtension(options::sink);
    absl::Status status = is_sink ? SetSink(*field, plan) : AddField(*field, plan);
    if (!status.ok()) return status;
  }
  plan->BuildLookup();
  switch (plan->form) {
    case Form::kObject:
      return CheckObject(*plan);
    case Form::kInline:
      if (plan->fields.size() != 1 || type.field_count() != 1 || plan->fields[0].shape != Shape::kArray) {
        return Wrong(type, "an inline message has exactly one field, a repeated one");
      }
      break;
    case Form::kUnion:
      if (type.real_oneof_decl_count() != 1 || type.oneof_decl(0)->field_count() != type.field_count()) {
        return Wrong(type, "a union has exactly one oneof and nothing else");
      }
      break;
    case Form::kDuration:
      break;
  }
  return absl::OkStatus();
}

absl::Status Codec::Plans::AddField(const pb::FieldDescriptor& field, MessagePlan* plan) {
  const auto& field_options = field.options();
  FieldPlan out{};
  out.reflection = plan->reflection;
  if (plan->access != nullptr) out.access = AccessOf(*plan->access, field);
  out.name = JsonName(field);
  out.prefix = ",";
  AppendQuoted(out.name, &out.prefix);
  out.prefix.push_back(':');
  out.emit_null = field_options.GetExtension(options::emit_null);
  out.gateway_only = field_options.GetExtension(options::gateway_only);
  if (const pb::OneofDescriptor* oneof = field.real_containing_oneof()) {
    out.oneof = static_cast<int8_t>(oneof->index());
  }
  if (field.is_map()) return Wrong(field, "a map loses the order of keys: use as_object");
  if (field_options.GetExtension(options::as_object)) {
    if (absl::Status status = SetEntry(field, &out); !status.ok()) return status;
  } else {
    out.shape = field.is_repeated() ? Shape::kArray : Shape::kSingle;
    if (absl::Status status = SetKind(field, &out); !status.ok()) return status;
  }
  if (out.gateway_only && !roots_.contains(plan->descriptor)) {
    return Wrong(field, "gateway_only is for members of the outermost object");
  }
  if ((out.gateway_only || out.emit_null) && plan->form != Form::kObject) {
    return Wrong(field, "only an object's fields can be gateway_only or emit_null");
  }
  for (const FieldPlan& other : plan->fields) {
    if (other.name == out.name) return Wrong(field, "another field has the same JSON name");
  }
  plan->has_gateway_only |= out.gateway_only;
  if (out.emit_null) plan->nulls.push_back(static_cast<uint16_t>(plan->fields.size()));
  plan->fields.push_back(std::move(out));
  return absl::OkStatus();
}

absl::Status Codec::Plans::SetKind(const pb::FieldDescriptor& field, FieldPlan* plan) {
  plan->field = &field;
  plan->number = static_cast<uint32_t>(field.number());
  plan->has_presence = field.has_presence();
  plan->coding = CodingOf(field);
  if (field.options().GetExtension(options::raw_json)) {
    if (field.type() != pb::FieldDescriptor::TYPE_STRING) return Wrong(field, "raw_json is for strings");
    plan->kind = ValueKind::kRaw;
    return absl::OkStatus();
  }
  plan->kind = KindOf(field);
  if (plan->kind == ValueKind::kEnum) return AddEnum(*field.enum_type(), &plan->spellings);
  if (plan->kind == ValueKind::kMessage) return AddMessage(*field.message_type(), &plan->type);
  return absl::OkStatus();
}

absl::Status Codec::Plans::SetEntry(const pb::FieldDescriptor& field, FieldPlan* plan) {
  const pb::Descriptor* entry = field.message_type();
  const pb::FieldDescriptor* value = entry == nullptr ? nullptr : entry->FindFieldByName("value");
  if (!field.is_repeated() || entry == nullptr || entry->field_count() != 2 ||
      !IsString(entry->FindFieldByName("key"), "key") || value == nullptr || value->is_repeated() ||
      value->number() < entry->FindFieldByName("key")->number()) {
    return Wrong(field, "as_object is for a repeated message {string key = 1; V value = 2;}");
  }
  const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(entry);
  if (prototype == nullptr) return Wrong(field, "not a generated type");
  FieldPlan& value_plan = entry_values_.emplace_back();
  const access::MessageAccess* entry_access = nullptr;
  if (absl::Status status = FindAccess(*entry, &entry_access); !status.ok()) return status;
  value_plan.reflection = prototype->GetReflection();
  value_plan.access = AccessOf(*entry_access, *value);
  value_plan.shape = Shape::kSingle;
  plan->field = &field;
  plan->number = static_cast<uint32_t>(field.number());
  plan->coding = WireCoding::kBytes;
  plan->shape = Shape::kObject;
  plan->kind = ValueKind::kMessage;
  plan->key = entry->FindFieldByName("key");
  plan->key_access = AccessOf(*entry_access, *plan->key);
  plan->key_number = static_cast<uint32_t>(plan->key->number());
  plan->value = &value_plan;
  return SetKind(*value, &value_plan);
}

absl::Status Codec::Plans::SetSink(const pb::FieldDescriptor& field, MessagePlan* plan) {
  const pb::Descriptor* entry = field.message_type();
  if (plan->form != Form::kObject) return Wrong(field, "only an object has a sink");
  if (plan->sink.field != nullptr) return Wrong(field, "a second sink");
  if (!field.is_repeated() || entry == nullptr || entry->field_count() != 2 ||
      !IsString(entry->FindFieldByName("name"), "name") ||
      !IsString(entry->FindFieldByName("json"), "json")) {
    return Wrong(field, "a sink is a repeated message {string name = 1; string json = 2;}");
  }
  const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(entry);
  if (prototype == nullptr) return Wrong(field, "not a generated type");
  SinkPlan& sink = plan->sink;
  sink.field = &field;
  sink.name = entry->FindFieldByName("name");
  sink.json = entry->FindFieldByName("json");
  sink.entry = prototype->GetReflection();
  const access::MessageAccess* entry_access = nullptr;
  if (absl::Status status = FindAccess(*entry, &entry_access); !status.ok()) return status;
  sink.access = AccessOf(*plan->access, field);
  sink.name_access = AccessOf(*entry_access, *sink.name);
  sink.json_access = AccessOf(*entry_access, *sink.json);
  sink.number = static_cast<uint32_t>(field.number());
  sink.name_number = static_cast<uint32_t>(sink.name->number());
  sink.json_number = static_cast<uint32_t>(sink.json->number());
  return absl::OkStatus();
}

absl::Status Codec::Plans::AddEnum(const pb::EnumDescriptor& type, const EnumPlan** out) {
  std::unique_ptr<EnumPlan>& slot = enums_[&type];
  if (slot == nullptr) {
    slot = std::make_unique<EnumPlan>();
    for (int i = 0; i < type.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *type.value(i);
      const std::string spelling = value.options().GetExtension(options::spelling);
      if (spelling.empty()) {
        if (value.number() == 0) continue;
        return absl::InvalidArgumentError(absl::StrCat(value.full_name(), ": has no spelling"));
      }
      int taken = 0;
      if (slot->Number(spelling, &taken)) {
        return absl::InvalidArgumentError(
            absl::StrCat(value.full_name(), ": another value is spelt the same"));
      }
      absl::StrAppend(&slot->expected, slot->values.empty() ? "one of " : ", ", spelling);
      slot->values.emplace_back(spelling, value.number());
    }
  }
  *out = slot.get();
  return absl::OkStatus();
}

absl::Status Codec::Plans::CheckObject(const MessagePlan& plan) const {
  if (plan.sink.field == nullptr) return Wrong(*plan.descriptor, "an object message needs a sink");
  for (const FieldPlan& field : plan.fields) {
    if (field.shape == Shape::kSingle && !field.has_presence) {
      return Wrong(*field.field, "must be optional: absent and empty are two things");
    }
  }
  return absl::OkStatus();
}

absl::Status Codec::Plans::FinishUnion(MessagePlan* plan) {
  for (const FieldPlan& arm : plan->fields) {
    if (absl::Status status = AddArm(arm, plan); !status.ok()) return status;
  }
  std::vector<std::string_view> types;
  for (size_t i = 0; i < plan->arms.size(); ++i) {
    if (plan->arms[i] != nullptr) types.push_back(Describe(static_cast<JsonType>(i)));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    plan->expected.append(i == 0 ? "" : i + 1 == types.size() ? " or " : ", ").append(types[i]);
  }
  return absl::OkStatus();
}

absl::Status Codec::Plans::AddArm(const FieldPlan& arm, MessagePlan* plan) {
  constexpr const char* kAmbiguous = "another arm of the union takes the same JSON";
  if (arm.kind == ValueKind::kRaw || (arm.kind == ValueKind::kMessage && arm.type->form == Form::kUnion)) {
    return Wrong(*arm.field, "a union's arm is a scalar, an object or an inline message");
  }
  const TypeSet types = TypesOf(arm);
  const bool array = types == Bit(JsonType::kArray);
  for (size_t i = 0; i < plan->arms.size(); ++i) {
    if ((types & Bit(static_cast<JsonType>(i))) == 0) continue;
    if (plan->arms[i] != nullptr && !array) return Wrong(*arm.field, kAmbiguous);
    // An array that is empty or begins with something no arm knows is the first array arm's to take or
    // refuse.
    if (plan->arms[i] == nullptr) plan->arms[i] = &arm;
  }
  if (!array) return absl::OkStatus();
  const TypeSet elements = TypesOf(arm.type->fields[0]);
  for (size_t i = 0; i < plan->array_arms.size(); ++i) {
    if ((elements & Bit(static_cast<JsonType>(i))) == 0) continue;
    if (plan->array_arms[i] != nullptr) return Wrong(*arm.field, kAmbiguous);
    plan->array_arms[i] = &arm;
  }
  return absl::OkStatus();
}

Codec::Codec() = default;
Codec::~Codec() = default;

absl::StatusOr<std::unique_ptr<Codec>> Codec::Compile(std::span<const pb::Descriptor* const> roots) {
  std::unique_ptr<Codec> codec(new Codec());
  codec->plans_ = std::make_unique<Plans>();
  if (absl::Status status = codec->plans_->AddRoots(roots); !status.ok()) return status;
  return codec;
}

const MessagePlan* Codec::Find(const pb::Descriptor* type) const { return plans_->Find(type); }

}  // namespace portolan::codec
