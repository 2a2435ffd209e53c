#include "server/transcode/scalar.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "portolan/options/v1/options.pb.h"

namespace portolan::transcode {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

template <typename Number>
std::string Expected() {
  if constexpr (std::is_floating_point_v<Number>) return "expected a number";
  return "expected an integer from " + std::to_string(std::numeric_limits<Number>::min()) + " to " +
         std::to_string(std::numeric_limits<Number>::max());
}

// Sets or adds one value through a pair of reflection's accessors.
template <typename Value>
void Put(const FieldDescriptor& field, Message* message, Value value,
         void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
         void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const) {
  (message->GetReflection()->*(field.is_repeated() ? add : set))(message, &field, value);
}

template <typename Number>
std::string SetNumber(const FieldDescriptor& field, std::string_view text, Message* message,
                      void (Reflection::*set)(Message*, const FieldDescriptor*, Number) const,
                      void (Reflection::*add)(Message*, const FieldDescriptor*, Number) const) {
  std::optional<Number> value = ParseNumber<Number>(text);
  if (!value) return Expected<Number>();
  Put<Number>(field, message, *value, set, add);
  return {};
}

std::string SetBool(const FieldDescriptor& field, std::string_view text, Message* message) {
  if (text != "true" && text != "false") return "expected `true` or `false`";
  Put<bool>(field, message, text == "true", &Reflection::SetBool, &Reflection::AddBool);
  return {};
}

std::string SetString(const FieldDescriptor& field, std::string_view text, Message* message) {
  const Reflection* reflection = message->GetReflection();
  if (field.is_repeated()) {
    reflection->AddString(message, &field, std::string(text));
  } else {
    reflection->SetString(message, &field, std::string(text));
  }
  return {};
}

std::string SetEnum(const FieldDescriptor& field, std::string_view text, Message* message) {
  std::string expected;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    const EnumValueDescriptor* value = field.enum_type()->value(i);
    std::string spelling = value->options().GetExtension(options::v1::spelling);
    if (spelling.empty()) spelling = value->name();
    if (text == spelling || text == value->name()) {
      Put<const EnumValueDescriptor*>(field, message, value, &Reflection::SetEnum, &Reflection::AddEnum);
      return {};
    }
    expected += (expected.empty() ? "`" : ", `") + spelling + "`";
  }
  return "expected one of " + expected;
}

std::string SetMessage(const FieldDescriptor& field, std::string_view text, Message* message) {
  if (field.message_type()->full_name() != "google.protobuf.Duration") return "cannot be given as text";
  google::protobuf::Duration value;
  if (!google::protobuf::util::TimeUtil::FromString(std::string(text), &value)) {
    return "expected a number of seconds such as `1.5s`";
  }
  // By way of the wire format, because the field's class may be a dynamic one.
  const Reflection* reflection = message->GetReflection();
  Message* target = field.is_repeated() ? reflection->AddMessage(message, &field)
                                        : reflection->MutableMessage(message, &field);
  (void)target->ParseFromString(value.SerializeAsString());  // what was just serialized
  return {};
}

}  // namespace

std::string SetFromText(const FieldDescriptor& field, std::string_view text, Message* message) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return SetString(field, text, message);
    case FieldDescriptor::TYPE_BOOL:
      return SetBool(field, text, message);
    case FieldDescriptor::TYPE_ENUM:
      return SetEnum(field, text, message);
    case FieldDescriptor::TYPE_MESSAGE:
      return SetMessage(field, text, message);
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_GROUP:
      return "cannot be given as text";
    default:
      break;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return SetNumber<int32_t>(field, text, message, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return SetNumber<int64_t>(field, text, message, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetNumber<uint32_t>(field, text, message, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetNumber<uint64_t>(field, text, message, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return SetNumber<float>(field, text, message, &Reflection::SetFloat, &Reflection::AddFloat);
    default:
      return SetNumber<double>(field, text, message, &Reflection::SetDouble, &Reflection::AddDouble);
  }
}

}  // namespace portolan::transcode
