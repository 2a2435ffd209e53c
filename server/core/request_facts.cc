#include "server/core/request_facts.h"

#include <google/protobuf/message.h>

#include "server/codec/json_reader.h"
#include "server/codec/string_value.h"

namespace portolan::core {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The payload has checked that it is good JSON.
// The boolean member `name` of an object.
bool BoolMember(std::string_view json, std::string_view name) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject) return false;
  reader.EnterObject();
  std::string scratch;
  std::string_view member;
  bool value = false;
  while (reader.NextMember(&member, &scratch)) {
    if (member == name && reader.Peek() == codec::JsonType::kBool) {
      reader.ReadBool(&value);
    } else {
      reader.Skip();
    }
  }
  return value;
}

std::optional<Error> ReadJsonFacts(const CallState& call, RequestFacts* out) {
  const OperationSpec& operation = call.operation;
  if (const auto model = call.payload.RawMember(operation.model_field))
    out->model = codec::StringValue(*model);
  if (const auto stream = call.payload.RawMember(operation.stream_flag)) out->stream = *stream == "true";
  if (const auto options = call.payload.RawMember(operation.stream_options_field)) {
    out->include_usage = BoolMember(*options, "include_usage");
  }
  const auto options = call.payload.RawMember(operation.options_field);
  out->has_own_member = options.has_value();
  if (options && *options != "null") {
    const codec::MessagePlan* plan = call.config.operations->codec().Find(v1::CallOptions::descriptor());
    codec::DecodeError problem;
    if (!codec::Decode(*plan, *options, {}, &out->options.emplace(), &problem)) {
      return Error::InvalidRequest("invalid_value", "portolan." + problem.ToString(), "portolan");
    }
  }
  return std::nullopt;
}

// The object `options` with `include_usage` set; what is no object counts as an empty one.
std::string WithUsage(std::string_view options) {
  std::string out = "{";
  codec::JsonReader reader(options);
  if (reader.Peek() == codec::JsonType::kObject) {
    reader.EnterObject();
    std::string scratch;
    for (std::string_view name; reader.NextMember(&name, &scratch);) {
      const bool replaced = name == "include_usage";
      const size_t begin = reader.name_offset();
      if (!reader.Skip() || replaced) continue;
      out.append(options.substr(begin, reader.offset() - begin)).append(",");
    }
  }
  return out + "\"include_usage\":true}";
}

// The caller's own `stream_options` as JSON; empty if there are none.
std::string StreamOptions(const CallState& call) {
  const FieldDescriptor* field = call.operation.stream_options_field;
  if (const auto raw = call.payload.RawMember(field)) return std::string(*raw);
  const Message* message = call.payload.message();
  if (message == nullptr || !message->GetReflection()->HasField(*message, field)) return {};
  std::string json;
  codec::Encode(*call.config.operations->codec().Find(field->message_type()),
                message->GetReflection()->GetMessage(*message, field), {}, &json);
  return json;
}

// Those that the route sends, else the caller's.
std::string StreamOptionsSent(const CallState& call) {
  const std::string& name = call.operation.stream_options_field->name();
  std::string options = StreamOptions(call);
  for (const codec::Edit& edit : call.route.edits) {
    if (edit.name == name) options = edit.json;
  }
  return options;
}

void ReadMessageFacts(const CallState& call, RequestFacts* out) {
  const OperationSpec& operation = call.operation;
  const Message& message = *call.payload.message();
  const Reflection& reflection = *message.GetReflection();
  if (operation.model_field != nullptr) out->model = reflection.GetString(message, operation.model_field);
  if (operation.stream_flag != nullptr) out->stream = reflection.GetBool(message, operation.stream_flag);
  if (operation.stream_options_field != nullptr &&
      reflection.HasField(message, operation.stream_options_field)) {
    const Message& options = reflection.GetMessage(message, operation.stream_options_field);
    const FieldDescriptor* flag = options.GetDescriptor()->FindFieldByName("include_usage");
    out->include_usage = options.GetReflection()->GetBool(options, flag);
  }
  if (operation.options_field != nullptr && reflection.HasField(message, operation.options_field)) {
    out->has_own_member = true;
    out->options.emplace().CopyFrom(reflection.GetMessage(message, operation.options_field));
  }
}

}  // namespace

std::optional<Error> ReadFacts(const CallState& call, RequestFacts* out) {
  if (call.payload.message() == nullptr) return ReadJsonFacts(call, out);
  ReadMessageFacts(call, out);
  return std::nullopt;
}

bool UsageIsAskedFor(const CallState& call) { return BoolMember(StreamOptionsSent(call), "include_usage"); }

bool AskForUsage(CallState& call) {
  const std::string options = StreamOptionsSent(call);
  if (BoolMember(options, "include_usage")) return false;
  call.route.edits.push_back(
      {codec::Edit::Kind::kSet, call.operation.stream_options_field->name(), WithUsage(options)});
  return true;
}

}  // namespace portolan::core
