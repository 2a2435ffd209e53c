#include "providers/dialects/common/input_schema.h"

#include <algorithm>
#include <array>
#include <vector>

#include "server/base/text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr std::string_view kObject = R"("object")";
// The types of JSON Schema beside `object`.
constexpr std::array<std::string_view, 6> kOtherTypes = {R"("array")", R"("boolean")", R"("integer")",
                                                         R"("null")",  R"("number")",  R"("string")"};
// How far to look into schemas within schemas for one that no object fits.
constexpr int kMaxLevels = 8;

bool IsCombinator(std::string_view keyword) {
  return keyword == "anyOf" || keyword == "oneOf" || keyword == "allOf";
}

// One member of a schema's outermost object.
struct Member {
  std::string keyword;
  std::string_view value;  // as it stands
  std::string_view text;   // from its name to the end of its value, as it stands
};

// Gives `take` each member of an object, or each element of an array without a keyword, until it returns
// false. False if `json` is neither.
template <typename Take>
bool ForEach(std::string_view json, Take take) {
  JsonReader reader(json);
  const JsonType type = reader.Peek();
  std::string scratch;
  std::string_view name;
  std::string_view value;
  if (type == JsonType::kArray && reader.EnterArray()) {
    while (reader.NextElement() && reader.Skip(&value) && take(name, value)) {
    }
  } else if (type == JsonType::kObject && reader.EnterObject()) {
    while (reader.NextMember(&name, &scratch) && reader.Peek() != JsonType::kInvalid && reader.Skip(&value)) {
      if (!take(name, value)) break;
    }
  } else {
    return false;
  }
  return !reader.failed();
}

bool IsObject(std::string_view json) { return json.starts_with('{'); }

// What a schema's `type` says of objects.
enum class OfObjects : uint8_t { kOnly, kToo, kNothing, kNone };

OfObjects ReadType(std::string_view type) {
  if (type == kObject) return OfObjects::kOnly;
  const auto is_other = [](std::string_view name) {
    return std::find(kOtherTypes.begin(), kOtherTypes.end(), name) != kOtherTypes.end();
  };
  bool object = false;
  bool other = is_other(type);
  if (type.starts_with('[')) {
    ForEach(type, [&](std::string_view, std::string_view name) {
      object |= name == kObject;
      other |= is_other(name);
      return true;
    });
  }
  if (object) return OfObjects::kToo;
  return other ? OfObjects::kNone : OfObjects::kNothing;
}

// Whether a schema lets objects pass, as far as can be told without following references.
bool FitsObjects(std::string_view schema, int levels) {
  if (schema == "false") return false;
  if (levels == 0 || !IsObject(schema)) return true;
  bool fits = true;
  ForEach(schema, [&](std::string_view keyword, std::string_view value) {
    if (keyword == "type") {
      fits = ReadType(value) != OfObjects::kNone;
    } else if (keyword == "const") {
      fits = IsObject(value);
    } else if (keyword == "enum" || IsCombinator(keyword)) {
      // All elements have to, or one; what an empty list means is for the API to say.
      const bool all = keyword == "allOf";
      const bool values = keyword == "enum";
      ForEach(value, [&](std::string_view, std::string_view element) {
        fits = values ? IsObject(element) : FitsObjects(element, levels - 1);
        return fits == all;
      });
    }
    return fits;
  });
  return fits;
}

bool IsGood(std::string_view schema) {
  bool object = false;
  bool combined = false;
  ForEach(schema, [&](std::string_view keyword, std::string_view value) {
    if (keyword == "type") object = value == kObject;
    combined |= IsCombinator(keyword);
    return !combined;
  });
  return object && !combined;
}

// The schema as that of an object's only member. References into it are kept by giving its definitions once
// more.
std::string AsMember(std::string_view schema, const std::vector<Member>& members) {
  std::string out = R"({"type":"object","properties":{"value":)";
  out.append(schema).append(R"(},"required":["value"])");
  for (const Member& member : members) {
    if (member.keyword == "$defs" || member.keyword == "definitions") out.append(",").append(member.text);
  }
  return out += '}';
}

std::string WithType(std::string_view schema, const std::vector<Member>& members) {
  std::string out(schema);
  for (const Member& member : members) {
    if (member.keyword != "type") continue;
    out.replace(static_cast<size_t>(member.value.data() - schema.data()), member.value.size(), kObject);
    return out;
  }
  return out.insert(1, members.empty() ? R"("type":"object")" : R"("type":"object",)");
}

// A name that `definitions`, an object or nothing, does not have.
std::string NewName(std::string_view definitions) {
  std::string name = "input";
  for (int copy = 2;; ++copy) {
    bool taken = false;
    ForEach(definitions, [&](std::string_view known, std::string_view) { return !(taken = known == name); });
    if (!taken) return name;
    name = "input_" + std::to_string(copy);
  }
}

// What the API refuses beside the type stands among the definitions; a reference beside the type means the
// same. A reference that is there already goes along.
std::string WithReference(const std::vector<Member>& members) {
  std::string out = R"({"type":"object")";
  std::string definition;
  std::string_view definitions;
  for (const Member& member : members) {
    if (member.keyword == "$defs") {
      definitions = member.value;
    } else if (IsCombinator(member.keyword) || member.keyword == "$ref") {
      definition.append(definition.empty() ? "{" : ",").append(member.text);
    } else if (member.keyword != "type") {
      out.append(",").append(member.text);
    }
  }
  const std::string name = NewName(definitions);
  out.append(R"(,"$ref":"#/$defs/)").append(name).append(R"(","$defs":{")").append(name).append("\":");
  out.append(definition).append("}");
  bool first = true;
  if (IsObject(definitions)) {
    definitions.remove_prefix(1);  // the rest of the object, if it has members
    first = TrimSpace(definitions) == "}";
  }
  if (first) return out.append("}}");
  return out.append(",").append(definitions).append("}");
}

}  // namespace

SchemaFit FitInputSchema(std::string_view schema, std::string* mended) {
  if (IsGood(schema)) return SchemaFit::kGood;
  schema = TrimSpace(schema);
  if (schema == "true" || schema == "false") {
    *mended = schema == "true" ? R"({"type":"object"})"
                               : R"({"type":"object","properties":{},"additionalProperties":false})";
    return SchemaFit::kMended;
  }
  JsonReader reader(schema);
  if (reader.Peek() != JsonType::kObject || !reader.EnterObject()) return SchemaFit::kNoSchema;
  std::vector<Member> members;
  bool combined = false;
  std::string scratch;
  for (std::string_view name; reader.NextMember(&name, &scratch);) {
    Member member{std::string(name), {}, {}};
    const size_t name_begin = reader.name_offset();
    if (reader.Peek() == JsonType::kInvalid || !reader.Skip(&member.value)) return SchemaFit::kNoSchema;
    member.text = schema.substr(name_begin, reader.offset() - name_begin);
    combined |= IsCombinator(name);
    members.push_back(std::move(member));
  }
  if (reader.failed()) return SchemaFit::kNoSchema;
  if (!FitsObjects(schema, kMaxLevels)) {
    *mended = AsMember(schema, members);
  } else {
    *mended = combined ? WithReference(members) : WithType(schema, members);
  }
  return SchemaFit::kMended;
}

}  // namespace portolan::providers
