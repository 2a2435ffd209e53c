#include "providers/dialects/google/schema.h"

#include <algorithm>
#include <array>
#include <span>

#include "server/codec/json_reader.h"
#include "server/codec/json_string.h"

namespace portolan::providers::gemini {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr std::array<std::string_view, 10> kSchema = {
    "items", "additionalProperties", "additionalItems",      "contains", "not", "if", "then",
    "else",  "propertyNames",        "unevaluatedProperties"};
constexpr std::array<std::string_view, 4> kListOfSchemas = {"anyOf", "oneOf", "allOf", "prefixItems"};
constexpr std::array<std::string_view, 5> kSchemasByName = {"properties", "$defs", "definitions",
                                                            "patternProperties", "dependentSchemas"};
constexpr std::array<std::string_view, 5> kTellsType = {"type", "$ref", "anyOf", "oneOf", "allOf"};

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Walks over the schema once, writing as it goes. Its depth is bounded by the reader's.
class Fitter {
 public:
  Fitter(JsonReader& reader, std::string& out) : reader_(reader), out_(out) {}

  void Root(bool is_object) { Schema(true, is_object); }

 private:
  void Schema(bool is_root, bool is_object) {
    if (reader_.Peek() == JsonType::kArray) return Elements();  // `items` of older drafts
    if (reader_.Peek() != JsonType::kObject) return Copy();
    std::string_view constant;
    std::string_view choices;
    std::string_view reference;
    bool tells_type = false;
    bool has_any_of = false;
    bool has_neighbours = false;
    const size_t begin = out_.size();
    out_ += '{';
    reader_.EnterObject();
    std::string scratch;
    for (std::string_view name; reader_.NextMember(&name, &scratch);) {
      tells_type |= IsOneOf(kTellsType, name);
      has_any_of |= name == "anyOf";
      has_neighbours |= !name.starts_with('$');
      if (name == "const") {
        reader_.Skip(&constant);
      } else if (name == "enum") {
        reader_.Skip(&choices);
      } else if (name == "$ref") {
        reader_.Skip(&reference);
      } else if (is_root && name == "$schema") {
        reader_.Skip();
      } else {
        Name(begin, name);
        Value(name);
      }
    }
    if (!constant.empty()) {
      Name(begin, "enum");
      out_.append("[").append(constant).append("]");
    } else if (!choices.empty()) {
      Name(begin, "enum");
      out_ += choices;
    }
    if (!reference.empty() && has_neighbours && !has_any_of) {
      Name(begin, "anyOf");
      out_.append("[{\"$ref\":").append(reference).append("}]");
    } else if (!reference.empty()) {
      Name(begin, "$ref");
      out_ += reference;
    }
    if (is_object && !tells_type) {
      Name(begin, "type");
      out_ += "\"object\"";
    }
    out_ += '}';
  }

  void Value(std::string_view keyword) {
    if (IsOneOf(kSchema, keyword) || IsOneOf(kListOfSchemas, keyword)) return Schema(false, false);
    if (IsOneOf(kSchemasByName, keyword) && reader_.Peek() == JsonType::kObject) return ByName();
    Copy();
  }

  void ByName() {
    const size_t begin = out_.size();
    out_ += '{';
    reader_.EnterObject();
    std::string scratch;
    for (std::string_view name; reader_.NextMember(&name, &scratch);) {
      Name(begin, name);
      Schema(false, false);
    }
    out_ += '}';
  }

  void Elements() {
    out_ += '[';
    reader_.EnterArray();
    for (bool first = true; reader_.NextElement(); first = false) {
      if (!first) out_ += ',';
      Schema(false, false);
    }
    out_ += ']';
  }

  void Copy() {
    std::string_view raw;
    if (reader_.Skip(&raw)) out_ += raw;
  }

  // `begin`: where the object's text begins.
  void Name(size_t begin, std::string_view name) {
    if (out_.size() > begin + 1) out_ += ',';
    codec::AppendQuoted(name, &out_);
    out_ += ':';
  }

  JsonReader& reader_;
  std::string& out_;
};

}  // namespace

std::string FitSchema(std::string_view json, SchemaUse use) {
  std::string out;
  out.reserve(json.size() + 32);
  JsonReader reader(json);
  Fitter(reader, out).Root(use == SchemaUse::kParameters);
  // Deeper than the reader goes: the API would not take it either, and says so.
  return reader.failed() ? std::string(json) : out;
}

}  // namespace portolan::providers::gemini
