#include "server/config_file/structure.h"

#include <algorithm>
#include <array>

#include "google/protobuf/message.h"
#include "server/base/json_text.h"
#include "server/base/nearest.h"
#include "server/codec/codec.h"
#include "server/config_file/proto_shape.h"

namespace portolan::config {
namespace {

class KeyChecker {
 public:
  KeyChecker(const std::vector<std::string_view>& options, Findings* findings)
      : options_(options), findings_(*findings) {}

  void Message(const YamlNode& node, const Descriptor& type) {
    if (IsUnion(type)) return Union(node, type);
    if (node.type != YamlNode::Type::kMap) return;
    for (const auto& child : node.children) {
      const FieldDescriptor* const field = FindMember(type, child->key);
      if (field != nullptr) {
        Field(*child, *field);
      } else if (!IsOption(type, child->key)) {
        Unknown(*child, type);
      }
    }
  }

 private:
  // Only objects have keys.
  void Union(const YamlNode& node, const Descriptor& type) {
    if (node.type != YamlNode::Type::kMap) return;
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->message_type() != nullptr) Message(node, *type.field(i)->message_type());
    }
  }

  void Field(const YamlNode& node, const FieldDescriptor& field) {
    if (IsFreeObject(field)) {
      const Descriptor* const value = EntryValue(field).message_type();
      for (const auto& child : node.children) {
        if (value != nullptr) Message(*child, *value);
      }
    } else if (field.message_type() == nullptr) {
      return;
    } else if (!field.is_repeated()) {
      Message(node, *field.message_type());
    } else if (node.type == YamlNode::Type::kSequence) {
      for (const auto& child : node.children) Message(*child, *field.message_type());
    }
  }

  bool IsOption(const Descriptor& type, std::string_view key) const {
    return &type == ::portolan::v1::RouteConfig::descriptor() &&
           std::find(options_.begin(), options_.end(), key) != options_.end();
  }

  void Unknown(const YamlNode& node, const Descriptor& type) {
    std::vector<std::string_view> known;
    for (int i = 0; i < type.field_count(); ++i) {
      if (!IsSink(*type.field(i))) known.push_back(JsonName(*type.field(i)));
    }
    if (&type == ::portolan::v1::RouteConfig::descriptor())
      known.insert(known.end(), options_.begin(), options_.end());
    findings_.AddKey(node,
                     "there is no such key; did you mean \"" + std::string(Nearest(node.key, known)) + "\"?");
  }

  const std::vector<std::string_view>& options_;
  Findings& findings_;
};

// The JSON of a tree without what is wrong in it, and where each value begins.
struct JsonOfTree {
  std::string text;
  std::vector<std::pair<size_t, const YamlNode*>> begins;  // in order

  void Append(const YamlNode& node, const Findings& findings) {
    begins.emplace_back(text.size(), &node);
    switch (node.type) {
      case YamlNode::Type::kNull:
        text += "null";
        return;
      case YamlNode::Type::kScalar:
        AppendScalarJson(node, &text);
        return;
      case YamlNode::Type::kSequence:
      case YamlNode::Type::kMap:
        AppendChildren(node, findings);
    }
  }

  void AppendChildren(const YamlNode& node, const Findings& findings) {
    const bool map = node.type == YamlNode::Type::kMap;
    text += map ? '{' : '[';
    bool first = true;
    for (const auto& child : node.children) {
      if (findings.Wrong(*child)) continue;
      if (!first) text += ',';
      first = false;
      if (map) {
        AppendJsonString(child->key, &text);
        text += ':';
      }
      Append(*child, findings);
    }
    text += map ? '}' : ']';
  }

  const YamlNode& At(size_t offset) const {
    const auto after = std::upper_bound(begins.begin(), begins.end(), offset,
                                        [](size_t value, const auto& begin) { return value < begin.first; });
    return *(after == begins.begin() ? begins.front() : *(after - 1)).second;
  }
};

// YAML alone knows these mistakes.
std::string Hint(const YamlNode& node, const std::string& problem) {
  if (node.type != YamlNode::Type::kScalar) return {};
  if (problem.starts_with("expected a string") && !node.quoted) return "; in quotes it is a string";
  if (problem.starts_with("expected a boolean")) return "; write true or false";
  return {};
}

// Numbers that JSON does not have.
void FindUnwritable(const YamlNode& node, Findings* findings) {
  std::string ignored;
  if (node.type == YamlNode::Type::kScalar && !AppendScalarJson(node, &ignored))
    findings->AddValue(node, "this number is none that can be used here");
  for (const auto& child : node.children) FindUnwritable(*child, findings);
}

}  // namespace

void CheckKeys(const YamlNode& root, const std::vector<std::string_view>& options, Findings* findings) {
  KeyChecker(options, findings).Message(root, *v1::GatewayConfig::descriptor());
}

void DecodeTree(const YamlNode& root, Findings* findings, v1::GatewayConfig* message) {
  FindUnwritable(root, findings);
  const Descriptor* const type = v1::GatewayConfig::descriptor();
  const std::array<const Descriptor*, 1> roots = {type};
  const auto codec = codec::Codec::Compile(roots);
  if (!codec.ok()) {
    findings->AddValue(root, std::string(codec.status().message()));
    return;
  }
  while (!findings->full()) {
    JsonOfTree json;
    json.Append(root, *findings);
    codec::DecodeError error;
    message->Clear();
    if (codec::Decode(*(*codec)->Find(type), json.text, {}, message, &error)) return;
    const YamlNode& node = json.At(error.offset);
    findings->AddValue(node, error.problem + Hint(node, error.problem));
    if (&node == &root) return;
  }
}

}  // namespace portolan::config
