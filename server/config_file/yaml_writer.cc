#include "server/config_file/yaml_writer.h"

#include <algorithm>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/codec/json_reader.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {
namespace {

using codec::JsonReader;
using codec::JsonType;

// Nothing in it means anything to YAML, and it would not be read as another type.
bool CanBePlain(std::string_view text) {
  if (text.empty() || text.ends_with(':') || text == "null" || text == "Null" || text == "NULL") return false;
  const auto letter = [](char c) { return IsLetterOrDigit(c) || c == '/' || c == '_'; };
  const bool fit = letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
                     return letter(c) || c == '.' || c == ':' || c == '-';
                   });
  if (!fit) return false;
  YamlNode node;
  node.type = YamlNode::Type::kScalar;
  node.text = text;
  std::string json;
  return AppendScalarJson(node, &json) && json.starts_with('"');
}

std::string YamlString(std::string_view text) {
  std::string out;
  if (CanBePlain(text)) {
    out = text;
  } else {
    AppendJsonString(text, &out);
  }
  return out;
}

class Writer {
 public:
  Writer(std::string_view json, bool yaml) : reader_(json), yaml_(yaml) {}

  std::string Write() {
    if (yaml_ && reader_.Peek() == JsonType::kObject) {
      YamlObject(0, /*on_own_line=*/true);
      if (out_.empty()) out_ = "{}";
    } else {
      Json(0);
    }
    if (!out_.ends_with('\n')) out_ += '\n';
    return std::move(out_);
  }

 private:
  void Scalar() {
    const JsonType type = reader_.Peek();
    std::string_view text;
    if (type != JsonType::kString) {
      reader_.Skip(&text);
      out_ += text;
      return;
    }
    std::string scratch;
    reader_.ReadString(&text, &scratch);
    if (yaml_) {
      out_ += YamlString(text);
    } else {
      AppendJsonString(text, &out_);
    }
  }

  void NewLine(size_t level) {
    if (!out_.empty() && !out_.ends_with('\n')) out_ += '\n';
    out_.append(2 * level, ' ');
  }

  // Members one a line; the first goes on in the line of a `- `.
  void YamlObject(size_t level, bool on_own_line) {
    reader_.EnterObject();
    std::string scratch;
    bool first = true;
    for (std::string_view name; reader_.NextMember(&name, &scratch);) {
      if (!first || on_own_line) NewLine(level);
      first = false;
      out_ += YamlString(name) + ":";
      YamlMember(level);
    }
    if (first && !on_own_line) out_ += "{}";
  }

  void YamlMember(size_t level) {
    const JsonType type = reader_.Peek();
    if (type == JsonType::kObject && !IsEmpty()) return YamlObject(level + 1, /*on_own_line=*/true);
    if (type == JsonType::kArray && HoldsContainers()) return YamlArray(level + 1);
    out_ += ' ';
    YamlInline(level);
  }

  // What fits behind `name: `.
  void YamlInline(size_t level) {
    const JsonType type = reader_.Peek();
    if (type == JsonType::kObject) {
      std::string_view raw;
      reader_.Skip(&raw);
      out_ += "{}";
    } else if (type == JsonType::kArray && !HoldsContainers()) {
      reader_.EnterArray();
      out_ += '[';
      for (bool first = true; reader_.NextElement(); first = false) {
        if (!first) out_ += ", ";
        Scalar();
      }
      out_ += ']';
    } else if (type == JsonType::kArray) {
      YamlArray(level);
    } else {
      Scalar();
    }
  }

  void YamlArray(size_t level) {
    reader_.EnterArray();
    while (reader_.NextElement()) {
      NewLine(level);
      out_ += "- ";
      if (reader_.Peek() == JsonType::kObject) {
        YamlObject(level + 1, /*on_own_line=*/false);
      } else if (reader_.Peek() == JsonType::kArray && HoldsContainers()) {
        // Rare enough to be told in JSON, which is YAML.
        std::string_view raw;
        reader_.Skip(&raw);
        out_ += raw;
      } else {
        YamlInline(level + 1);
      }
    }
  }

  bool IsEmpty() {
    const JsonReader::Place place = reader_.Mark();
    std::string scratch;
    std::string_view name;
    reader_.EnterObject();
    const bool empty = !reader_.NextMember(&name, &scratch);
    reader_.Rewind(place);
    return empty;
  }

  // The array that comes next.
  bool HoldsContainers() {
    const JsonReader::Place place = reader_.Mark();
    reader_.EnterArray();
    bool found = false;
    while (!found && reader_.NextElement()) {
      found = reader_.Peek() == JsonType::kObject || reader_.Peek() == JsonType::kArray;
      if (!found) reader_.Skip();
    }
    reader_.Rewind(place);
    return found;
  }

  void Json(size_t level) {
    const JsonType type = reader_.Peek();
    if (type != JsonType::kObject && type != JsonType::kArray) return Scalar();
    const bool object = type == JsonType::kObject;
    out_ += object ? '{' : '[';
    std::string scratch;
    std::string_view name;
    bool first = true;
    object ? reader_.EnterObject() : reader_.EnterArray();
    while (object ? reader_.NextMember(&name, &scratch) : reader_.NextElement()) {
      out_ += first ? "\n" : ",\n";
      first = false;
      NewLine(level + 1);
      if (object) {
        AppendJsonString(name, &out_);
        out_ += ": ";
      }
      Json(level + 1);
    }
    if (!first) NewLine(level);
    out_ += object ? '}' : ']';
  }

  JsonReader reader_;
  const bool yaml_;
  std::string out_;
};

}  // namespace

std::string ToYaml(std::string_view json) { return Writer(json, true).Write(); }
std::string ToIndentedJson(std::string_view json) { return Writer(json, false).Write(); }

}  // namespace portolan::config
