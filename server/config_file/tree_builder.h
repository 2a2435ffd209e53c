#pragma once

// Builds the tree for the parsers of YAML and JSON. It enforces the limits, finds keys that occur twice, and
// expands aliases.

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/config_file/yaml_node.h"

namespace portolan::config {

class TreeBuilder {
 public:
  static constexpr size_t kMaxDepth = 80;  // routes nest 32 deep, with two levels each

  using Type = YamlNode::Type;
  using Anchor = size_t;
  static constexpr Anchor kNoAnchor = 0;

  explicit TreeBuilder(ConfigProblems* problems) : problems_(*problems) {}

  // The values, in the order of the text. In a map keys and values take turns. `anchor` names the value for
  // an Alias.
  void Null(Position at, Anchor anchor = kNoAnchor);
  // Both return the node; nullptr after Stop().
  const YamlNode* Scalar(Position at, std::string text, bool quoted, Anchor anchor = kNoAnchor);
  const YamlNode* Open(Type type, Position at, Anchor anchor = kNoAnchor);
  void Close();
  // Adds a copy of the value that has this anchor.
  void Alias(Position at, Anchor anchor);

  // Adds a problem and goes on.
  void Report(const YamlNode& node, std::string problem);
  // Adds a problem and ignores everything that follows: the tree cannot be used.
  void Stop(Position at, std::string problem);
  bool stopped() const { return stopped_; }

  // The tree: a null if no value came.
  std::unique_ptr<YamlNode> Take();

 private:
  struct Frame {
    YamlNode* node;
    bool key_is_next = true;  // of a map
    bool key_is_bad = false;
    std::string key = {};
    Position key_at = {};
    std::unordered_map<std::string, int> lines = {};  // of the keys so far
  };

  YamlNode* Add(YamlNode value, Anchor anchor);
  void Attach(std::unique_ptr<YamlNode> node);
  void TakeKey(std::unique_ptr<YamlNode> node, Frame* frame);
  std::unique_ptr<YamlNode> Copy(const YamlNode& from, size_t depth);

  ConfigProblems& problems_;
  std::unique_ptr<YamlNode> root_;
  std::vector<Frame> frames_;
  // Keys, and the values of bad keys: they may have anchors.
  std::vector<std::unique_ptr<YamlNode>> left_out_;
  std::unordered_map<Anchor, const YamlNode*> anchors_;
  size_t nodes_ = 0;
  size_t copied_ = 0;
  bool stopped_ = false;
};

}  // namespace portolan::config
