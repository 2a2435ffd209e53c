#pragma once

// What the parsers of YAML and JSON build a tree with: limits, keys that stand twice, and aliases are seen to
// here.

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/config_file/yaml_node.h"

namespace portolan::config {

class TreeBuilder {
 public:
  static constexpr size_t kMaxDepth = 80;  // a route nests 32 times, twice each

  using Type = YamlNode::Type;
  using Anchor = size_t;
  static constexpr Anchor kNoAnchor = 0;

  explicit TreeBuilder(ConfigProblems* problems) : problems_(*problems) {}

  // Values, keys of maps and what they stand for in turn, as they stand in the text. `anchor` is a name for
  // an Alias.
  void Null(Position at, Anchor anchor = kNoAnchor);
  // Both give the node, nullptr if nothing is taken any more.
  const YamlNode* Scalar(Position at, std::string text, bool quoted, Anchor anchor = kNoAnchor);
  const YamlNode* Open(Type type, Position at, Anchor anchor = kNoAnchor);
  void Close();
  // A copy of the value that has this anchor.
  void Alias(Position at, Anchor anchor);

  // Adds a problem, and goes on.
  void Report(const YamlNode& node, std::string problem);
  // Adds a problem, and takes no more: the tree is of no use.
  void Stop(Position at, std::string problem);
  bool stopped() const { return stopped_; }

  // Nothing but null if nothing came.
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
  std::vector<std::unique_ptr<YamlNode>>
      left_out_;  // keys, and what stands under bad ones: anchors may be there
  std::unordered_map<Anchor, const YamlNode*> anchors_;
  size_t nodes_ = 0;
  size_t copied_ = 0;
  bool stopped_ = false;
};

}  // namespace portolan::config
