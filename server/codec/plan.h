#pragma once

// What Compile makes of a message type: everything that Decode and Encode need to know of it, looked up once.
// Internal to the codec.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/access/access.h"
#include "server/codec/codec.h"
#include "server/codec/json_reader.h"
#include "server/codec/wire.h"

namespace portolan::codec {

namespace pb = google::protobuf;

// A set of JsonTypes, one bit each.
using TypeSet = uint8_t;
constexpr TypeSet Bit(JsonType type) { return static_cast<TypeSet>(1U << static_cast<unsigned>(type)); }

// What a value of a field is.
enum class ValueKind : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kFloat,
  kDouble,
  kString,
  kBytes,    // base64
  kEnum,     // spelt as EnumPlan says
  kRaw,      // JSON, verbatim
  kMessage,  // as its plan says
};

// What a field's member holds: one value, an array of values, or an object whose members are values.
enum class Shape : uint8_t { kSingle, kArray, kObject };

// How a value is held in protobuf's wire format.
enum class WireCoding : uint8_t { kVarint, kZigzag, kFixed32, kFixed64, kBytes };

// The strings that an enum's values are written as.
struct EnumPlan {
  // nullptr if the number has none.
  const std::string* Spelling(int number) const;
  // False if no value is spelt so.
  bool Number(std::string_view spelling, int* number) const;

  std::vector<std::pair<std::string, int>> values;
  std::string expected;  // `one of low, medium, high`
};

struct FieldPlan {
  // Whether values of the field have this wire type. Callers can send the field's number with any other;
  // generated code keeps that among the unknown fields and writes it out again.
  bool TravelsAs(WireType wire_type) const {
    if (wire_type == WireType::kLength && shape == Shape::kArray) return true;  // packed numbers
    switch (coding) {
      case WireCoding::kVarint:
      case WireCoding::kZigzag:
        return wire_type == WireType::kVarint;
      case WireCoding::kFixed32:
        return wire_type == WireType::kFixed32;
      case WireCoding::kFixed64:
        return wire_type == WireType::kFixed64;
      case WireCoding::kBytes:
        break;
    }
    return wire_type == WireType::kLength;
  }

  const pb::FieldDescriptor* field;
  const pb::Reflection* reflection;  // of the message that the field belongs to
  const access::FieldAccess* access = nullptr;
  std::string name;    // in JSON
  std::string prefix;  // `,"name":`
  uint32_t number;
  ValueKind kind;
  WireCoding coding;
  Shape shape;
  bool emit_null = false;
  bool gateway_only = false;
  bool has_presence = false;
  bool plain_text = false;            // a single string outside of any oneof, as most members are
  int8_t oneof = -1;                  // index of the oneof whose arms exclude each other
  uint16_t index = 0;                 // in the message's plan
  const MessagePlan* type = nullptr;  // kMessage
  const EnumPlan* spellings = nullptr;
  // Shape::kObject: the entry's key, and its value as a field of the entry.
  const pb::FieldDescriptor* key = nullptr;
  const access::FieldAccess* key_access = nullptr;
  uint32_t key_number = 0;
  const FieldPlan* value = nullptr;
};

// The field in which a message keeps the members that no other field describes.
struct SinkPlan {
  const pb::FieldDescriptor* field = nullptr;
  const pb::FieldDescriptor* name = nullptr;
  const pb::FieldDescriptor* json = nullptr;
  const pb::Reflection* entry = nullptr;
  // Of the three fields.
  const access::FieldAccess* access = nullptr;
  const access::FieldAccess* name_access = nullptr;
  const access::FieldAccess* json_access = nullptr;
  uint32_t number = 0;
  uint32_t name_number = 0;
  uint32_t json_number = 0;
};

// What a message type is in JSON.
enum class Form : uint8_t {
  kObject,
  kUnion,     // as one of its arms
  kInline,    // as the array of its only field
  kDuration,  // google.protobuf.Duration: "1.5s"
};

class MessagePlan {
 public:
  static constexpr size_t kMaxFields = 256;
  static constexpr size_t kMaxOneofs = 64;
  static constexpr uint16_t kNoField = UINT16_MAX;

  // The field with this JSON name; nullptr if there is none (a sink has no name).
  const FieldPlan* Lookup(std::string_view json_name) const;
  // Fills the table behind Lookup, by_index, and each field's index. Called once, when `fields` is complete.
  void BuildLookup();

  const pb::Descriptor* descriptor = nullptr;
  const pb::Reflection* reflection = nullptr;
  const access::MessageAccess* access = nullptr;  // nullptr for Duration, which is protobuf's own
  Form form = Form::kObject;
  std::vector<FieldPlan> fields;  // in field number order, without the sink
  // From FieldDescriptor::index() to the place in `fields`; kNoField for the sink.
  std::vector<uint16_t> by_index;
  bool has_gateway_only = false;
  std::vector<uint16_t> verbatim;  // places in `fields` of those that CheckVerbatim has to look at
  std::vector<uint16_t> nulls;     // places in `fields` of those with emit_null
  SinkPlan sink;

  // kUnion: the arm that each JSON type selects; nullptr: none. Arrays select by the type of their first
  // element.
  std::array<const FieldPlan*, 7> arms{};
  std::array<const FieldPlan*, 7> array_arms{};
  std::string expected;  // `a string or an array`, for error messages

 private:
  std::vector<uint16_t> slots_;  // open addressing, kNoField where empty
  unsigned shift_ = 0;
};

}  // namespace portolan::codec
