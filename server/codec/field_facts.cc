#include "server/codec/field_facts.h"

#include <cstdint>

#include "portolan/options/v1/options.pb.h"

namespace portolan::codec {
namespace {

namespace options = portolan::options::v1;
using FieldType = pb::FieldDescriptor;

// lowerCamelCase as protoc derives a default json_name.
std::string CamelCase(const std::string& name) {
  std::string camel;
  bool capital = false;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
      continue;
    }
    camel.push_back(capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    capital = false;
  }
  return camel;
}

}  // namespace

std::string JsonName(const pb::FieldDescriptor& field) {
  const std::string camel = CamelCase(field.name());
  if (field.json_name() != camel) return field.json_name();
  const bool camel_case =
      field.file()->options().GetExtension(options::json_names) == options::JSON_NAMES_CAMEL_CASE;
  return camel_case ? camel : field.name();
}

ValueKind KindOf(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldType::CPPTYPE_BOOL:
      return ValueKind::kBool;
    case FieldType::CPPTYPE_INT32:
      return ValueKind::kInt32;
    case FieldType::CPPTYPE_INT64:
      return ValueKind::kInt64;
    case FieldType::CPPTYPE_UINT32:
      return ValueKind::kUint32;
    case FieldType::CPPTYPE_UINT64:
      return ValueKind::kUint64;
    case FieldType::CPPTYPE_FLOAT:
      return ValueKind::kFloat;
    case FieldType::CPPTYPE_DOUBLE:
      return ValueKind::kDouble;
    case FieldType::CPPTYPE_STRING:
      return field.type() == FieldType::TYPE_BYTES ? ValueKind::kBytes : ValueKind::kString;
    case FieldType::CPPTYPE_ENUM:
      return ValueKind::kEnum;
    case FieldType::CPPTYPE_MESSAGE:
      break;
  }
  return ValueKind::kMessage;
}

WireCoding CodingOf(const pb::FieldDescriptor& field) {
  switch (field.type()) {
    case FieldType::TYPE_SINT32:
    case FieldType::TYPE_SINT64:
      return WireCoding::kZigzag;
    case FieldType::TYPE_FIXED32:
    case FieldType::TYPE_SFIXED32:
    case FieldType::TYPE_FLOAT:
      return WireCoding::kFixed32;
    case FieldType::TYPE_FIXED64:
    case FieldType::TYPE_SFIXED64:
    case FieldType::TYPE_DOUBLE:
      return WireCoding::kFixed64;
    case FieldType::TYPE_STRING:
    case FieldType::TYPE_BYTES:
    case FieldType::TYPE_MESSAGE:
    case FieldType::TYPE_GROUP:
      return WireCoding::kBytes;
    default:
      return WireCoding::kVarint;
  }
}

TypeSet TypesOf(const FieldPlan& field) {
  switch (field.kind) {
    case ValueKind::kBool:
      return Bit(JsonType::kBool);
    case ValueKind::kInt32:
    case ValueKind::kInt64:
    case ValueKind::kUint32:
    case ValueKind::kUint64:
    case ValueKind::kFloat:
    case ValueKind::kDouble:
      return Bit(JsonType::kNumber);
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kEnum:
      return Bit(JsonType::kString);
    case ValueKind::kRaw:
      return UINT8_MAX;
    case ValueKind::kMessage:
      break;
  }
  switch (field.type->form) {
    case Form::kObject:
      return Bit(JsonType::kObject);
    case Form::kInline:
      return Bit(JsonType::kArray);
    case Form::kDuration:
      return Bit(JsonType::kString);
    case Form::kUnion:
      break;
  }
  TypeSet types = 0;
  for (const FieldPlan& arm : field.type->fields) {
    const bool nested =
        arm.kind == ValueKind::kMessage && arm.type->form == Form::kUnion;  // refused by AddArm
    if (!nested) types |= TypesOf(arm);
  }
  return types;
}

}  // namespace portolan::codec
