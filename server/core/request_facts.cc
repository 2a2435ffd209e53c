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

}  // namespace portolan::core
