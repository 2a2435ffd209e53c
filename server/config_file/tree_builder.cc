#include "server/config_file/tree_builder.h"

#include <algorithm>
#include <utility>

#include "server/config_file/findings.h"

namespace portolan::config {
namespace {

constexpr size_t kMaxNodes = 50'000;
constexpr size_t kMaxCopied = 4u << 20;  // bytes of scalars that aliases repeat
constexpr size_t kMaxKey = 256;

}  // namespace

void TreeBuilder::Null(Position at, Anchor anchor) { Add({.type = Type::kNull, .at = at}, anchor); }

const YamlNode* TreeBuilder::Scalar(Position at, std::string text, bool quoted, Anchor anchor) {
  return Add({.type = Type::kScalar, .quoted = quoted, .text = std::move(text), .at = at}, anchor);
}

const YamlNode* TreeBuilder::Open(Type type, Position at, Anchor anchor) {
  if (frames_.size() == kMaxDepth) Stop(at, "this is nested too deep");
  YamlNode* const node = Add({.type = type, .at = at}, anchor);
  if (node != nullptr) frames_.push_back({node});
  return node;
}

void TreeBuilder::Close() {
  if (!stopped_) frames_.pop_back();
}

void TreeBuilder::Alias(Position at, Anchor anchor) {
  if (stopped_) return;
  const auto found = anchors_.find(anchor);
  const bool known = found != anchors_.end();
  const bool within = known && std::any_of(frames_.begin(), frames_.end(),
                                           [&](const Frame& frame) { return frame.node == found->second; });
  if (!known || within) return Stop(at, "an alias cannot stand within what it stands for");
  std::unique_ptr<YamlNode> copy = Copy(*found->second, frames_.size());
  if (copy == nullptr) return Stop(at, "the aliases of this file come to too much");
  copy->at = at;
  Attach(std::move(copy));
}

void TreeBuilder::Report(const YamlNode& node, std::string problem) {
  problems_.push_back(node.Problem(std::move(problem)));
  stopped_ = stopped_ || problems_.size() >= Findings::kMost;
}

void TreeBuilder::Stop(Position at, std::string problem) {
  if (stopped_) return;
  stopped_ = true;
  problems_.push_back(
      {at.line, at.column, frames_.empty() ? "" : frames_.back().node->Path(), std::move(problem)});
}

std::unique_ptr<YamlNode> TreeBuilder::Take() {
  return root_ == nullptr ? std::make_unique<YamlNode>() : std::move(root_);
}

YamlNode* TreeBuilder::Add(YamlNode value, Anchor anchor) {
  if (!stopped_ && ++nodes_ > kMaxNodes)
    Stop(value.at, "the file holds more than " + std::to_string(kMaxNodes) + " values");
  if (stopped_) return nullptr;
  auto node = std::make_unique<YamlNode>(std::move(value));
  YamlNode* const raw = node.get();
  Attach(std::move(node));
  if (anchor != kNoAnchor) anchors_[anchor] = raw;
  return raw;
}

void TreeBuilder::Attach(std::unique_ptr<YamlNode> node) {
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = frames_.back();
  node->parent = frame.node;
  node->index = frame.node->children.size();
  if (frame.node->type == Type::kMap) {
    frame.key_is_next = !frame.key_is_next;
    if (!frame.key_is_next) return TakeKey(std::move(node), &frame);
    node->key = frame.key;
    node->key_at = frame.key_at;
    if (frame.key_is_bad) {
      left_out_.push_back(std::move(node));
      return;
    }
  }
  frame.node->children.push_back(std::move(node));
}

void TreeBuilder::TakeKey(std::unique_ptr<YamlNode> node, Frame* frame) {
  frame->key = node->text;
  frame->key_at = node->at;
  std::string problem;
  if (node->type != Type::kScalar) {
    problem = "a key must be a name";
  } else if (node->text == "<<" && !node->quoted) {
    problem = "keys are not merged here; an alias stands for a whole value";
  } else if (node->text.size() > kMaxKey) {
    problem = "a key has at most " + std::to_string(kMaxKey) + " bytes";
  } else if (const auto [first, fresh] = frame->lines.emplace(node->text, node->at.line); !fresh) {
    problem = "the key stands twice; first on line " + std::to_string(first->second);
  }
  frame->key_is_bad = !problem.empty();
  if (frame->key_is_bad) {
    node->key = node->type == Type::kScalar ? node->text : "?";
    Report(*node, std::move(problem));
  }
  left_out_.push_back(std::move(node));
}

// nullptr if the copies come to too much.
std::unique_ptr<YamlNode> TreeBuilder::Copy(const YamlNode& from, size_t depth) {
  copied_ += from.text.size() + from.key.size();
  if (++nodes_ > kMaxNodes || copied_ > kMaxCopied || depth > kMaxDepth) return nullptr;
  auto copy = std::make_unique<YamlNode>();
  copy->type = from.type;
  copy->quoted = from.quoted;
  copy->text = from.text;
  copy->at = from.at;
  for (const auto& child : from.children) {
    std::unique_ptr<YamlNode> under = Copy(*child, depth + 1);
    if (under == nullptr) return nullptr;
    under->key = child->key;
    under->key_at = child->key_at;
    under->parent = copy.get();
    under->index = copy->children.size();
    copy->children.push_back(std::move(under));
  }
  return copy;
}

}  // namespace portolan::config
