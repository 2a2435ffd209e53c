// The seam to yaml-cpp: its events in, our tree out. It throws for what it cannot parse; nothing of ours
// does.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <unordered_map>

#include "server/codec/utf8.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {
namespace {

constexpr size_t kMaxDepth = 80;  // a route nests 32 times, twice each
constexpr size_t kMaxNodes = 50'000;
constexpr size_t kMaxCopied = 4u << 20;  // bytes of scalars that aliases repeat
constexpr size_t kMaxKey = 256;
constexpr size_t kMaxProblems = 100;  // nobody reads more
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Turns bytes into lines and columns. Places that follow each other cost little, also in one long line.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') begins_.push_back(i + 1);
    }
  }

  Position OfByte(size_t offset) {
    offset = std::min(offset, text_.size());
    const auto line =
        static_cast<size_t>(std::upper_bound(begins_.begin(), begins_.end(), offset) - begins_.begin()) - 1;
    if (line != line_ || offset < offset_) {
      line_ = line;
      offset_ = begins_[line];
      column_ = 1;
    }
    for (; offset_ < offset; ++offset_) {
      if ((static_cast<unsigned char>(text_[offset_]) & 0xC0) != 0x80) ++column_;
    }
    return {static_cast<int>(line) + 1, column_};
  }
  // yaml-cpp counts lines and bytes in them, from 0.
  Position At(const YAML::Mark& mark) {
    if (mark.line < 0 || static_cast<size_t>(mark.line) >= begins_.size()) return {};
    return OfByte(begins_[static_cast<size_t>(mark.line)] + static_cast<size_t>(std::max(mark.column, 0)));
  }

 private:
  std::string_view text_;
  std::vector<size_t> begins_ = {0};
  // The last place told.
  size_t line_ = 0;
  size_t offset_ = 0;
  int column_ = 1;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Places& places, ConfigProblems* problems) : places_(places), problems_(*problems) {}

  // What was wrong with the whole document, so that the tree is of no use.
  bool stopped() const { return stopped_; }
  // The container that the parser is in.
  const YamlNode* open() const { return frames_.empty() ? nullptr : frames_.back().node; }
  std::unique_ptr<YamlNode> Take() {
    return root_ == nullptr ? std::make_unique<YamlNode>() : std::move(root_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Stop(mark, "a second document begins here; the file may hold one only");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Add(Type::kNull, mark, anchor); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // `!` alone is how yaml-cpp marks quotes.
    const bool tagged = !tag.empty() && tag != "?" && tag != "!";
    YamlNode* const node = Add(Type::kScalar, mark, anchor, &value, tag == "!");
    if (node != nullptr && tagged) RefuseTag(*node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Type::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Type::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    const auto found = anchors_.find(anchor);
    const bool known = found != anchors_.end();
    const bool within = known && std::any_of(frames_.begin(), frames_.end(),
                                             [&](const Frame& frame) { return frame.node == found->second; });
    if (!known || within) return Stop(mark, "an alias cannot stand within what it stands for");
    std::unique_ptr<YamlNode> copy = Copy(*found->second, frames_.size());
    if (copy == nullptr) return Stop(mark, "the aliases of this file come to too much");
    copy->at = places_.At(mark);
    Attach(std::move(copy));
  }

 private:
  using Type = YamlNode::Type;

  struct Frame {
    YamlNode* node;
    bool key_is_next = true;  // of a map
    bool key_is_bad = false;
    std::string key = {};
    Position key_at = {};
    std::unordered_map<std::string, int> lines = {};  // of the keys so far
  };

  void Stop(const YAML::Mark& mark, std::string problem) {
    if (stopped_) return;
    stopped_ = true;
    const Position at = places_.At(mark);
    problems_.push_back({at.line, at.column, PathOfNext(), std::move(problem)});
  }

  // Where the value that comes next would stand.
  std::string PathOfNext() const { return frames_.empty() ? "" : frames_.back().node->Path(); }

  YamlNode* Add(Type type, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string* text = nullptr,
                bool quoted = false) {
    if (stopped_) return nullptr;
    if (++nodes_ > kMaxNodes) {
      Stop(mark, "the file holds more than " + std::to_string(kMaxNodes) + " values");
      return nullptr;
    }
    auto node = std::make_unique<YamlNode>();
    node->type = type;
    node->quoted = quoted;
    node->at = places_.At(mark);
    if (text != nullptr) node->text = *text;
    YamlNode* const raw = node.get();
    Attach(std::move(node));
    if (anchor != YAML::NullAnchor) anchors_[anchor] = raw;
    return raw;
  }

  void Open(Type type, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (frames_.size() == kMaxDepth) Stop(mark, "this is nested too deep");
    YamlNode* const node = Add(type, mark, anchor);
    if (node == nullptr) return;
    frames_.push_back({node});
    if (!tag.empty() && tag != "?") RefuseTag(*node);
  }

  void Close() {
    if (!stopped_) frames_.pop_back();
  }

  void RefuseTag(const YamlNode& node) {
    Report(node, "tags have no meaning here; what stands in quotes is a string");
  }

  void Report(const YamlNode& node, std::string problem) {
    problems_.push_back(node.Problem(std::move(problem)));
    stopped_ = stopped_ || problems_.size() >= kMaxProblems;
  }

  void Attach(std::unique_ptr<YamlNode> node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node->type == Type::kMap) {
      frame.key_is_next = !frame.key_is_next;
      if (!frame.key_is_next) return TakeKey(std::move(node), &frame);
      node->key = frame.key;
      node->key_at = frame.key_at;
    }
    node->parent = frame.node;
    node->index = frame.node->children.size();
    if (frame.node->type == Type::kMap && frame.key_is_bad) {
      left_out_.push_back(std::move(node));
    } else {
      frame.node->children.push_back(std::move(node));
    }
  }

  void TakeKey(std::unique_ptr<YamlNode> node, Frame* frame) {
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
    node->parent = frame->node;
    if (frame->key_is_bad) {
      node->key = node->type == Type::kScalar ? node->text : "?";
      Report(*node, std::move(problem));
    }
    left_out_.push_back(std::move(node));
  }

  // nullptr if the copies come to too much.
  std::unique_ptr<YamlNode> Copy(const YamlNode& from, size_t depth) {
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

  Places& places_;
  ConfigProblems& problems_;
  std::unique_ptr<YamlNode> root_;
  std::vector<Frame> frames_;
  std::vector<std::unique_ptr<YamlNode>>
      left_out_;  // keys, and what stands under bad ones: anchors may be there
  std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
  size_t nodes_ = 0;
  size_t copied_ = 0;
  int documents_ = 0;
  bool stopped_ = false;
};

// What YAML cannot hold, and yaml-cpp would not tell.
bool CheckCharacters(std::string_view text, Places& places, ConfigProblems* problems) {
  const size_t invalid = codec::FindInvalidUtf8(text);
  if (invalid != std::string_view::npos) {
    const Position at = places.OfByte(invalid);
    problems->push_back({at.line, at.column, "", "the text is not UTF-8"});
    return false;
  }
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  if (control == text.end()) return true;
  const Position at = places.OfByte(static_cast<size_t>(control - text.begin()));
  problems->push_back({at.line, at.column, "", "there is a control character"});
  return false;
}

// yaml-cpp's sentences begin in lower case and have no full stop, like ours.
void AddSyntaxProblem(const YAML::Exception& exception, const TreeBuilder& builder, Places& places,
                      ConfigProblems* problems) {
  const Position at = places.At(exception.mark);
  const std::string path = builder.open() == nullptr ? "" : builder.open()->Path();
  problems->push_back({at.line, at.column, path, "this is not YAML: " + exception.msg});
}

}  // namespace

std::unique_ptr<const YamlNode> ParseYaml(std::string_view text, ConfigProblems* problems) {
  if (text.size() > ConfigFile::kMaxBytes) {
    problems->push_back({0, 0, "", "the file is larger than 1 MB"});
    return nullptr;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Places places(text);
  if (!CheckCharacters(text, places, problems)) return nullptr;
  TreeBuilder builder(places, problems);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (!builder.stopped() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& exception) {
    if (builder.stopped()) return nullptr;
    AddSyntaxProblem(exception, builder, places, problems);
    return nullptr;
  }
  if (builder.stopped()) return nullptr;
  std::unique_ptr<YamlNode> root = builder.Take();
  if (root->at.line == 0) root->at = {1, 1};
  if (root->type == YamlNode::Type::kNull) root->type = YamlNode::Type::kMap;
  return root;
}

}  // namespace portolan::config
