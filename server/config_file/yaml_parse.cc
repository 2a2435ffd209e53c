// The only place that uses yaml-cpp: turns its events into our tree. It throws what it cannot parse, and is
// caught here.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "server/codec/json_reader.h"
#include "server/codec/utf8.h"
#include "server/config_file/json_parse.h"
#include "server/config_file/places.h"
#include "server/config_file/tree_builder.h"

namespace portolan::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class YamlEvents final : public YAML::EventHandler {
 public:
  YamlEvents(Places* places, TreeBuilder* builder) : places_(*places), builder_(*builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      builder_.Stop(At(mark), "a second document begins here; the file may hold one only");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.Null(At(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.Alias(At(mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // `!` alone is how yaml-cpp marks quotes.
    const YamlNode* const node = builder_.Scalar(At(mark), value, tag == "!", anchor);
    if (tag != "!") CheckTag(node, tag);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    CheckTag(builder_.Open(YamlNode::Type::kSequence, At(mark), anchor), tag);
  }
  void OnSequenceEnd() override { builder_.Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    CheckTag(builder_.Open(YamlNode::Type::kMap, At(mark), anchor), tag);
  }
  void OnMapEnd() override { builder_.Close(); }

 private:
  Position At(const YAML::Mark& mark) { return places_.Of(mark.line, mark.column); }

  void CheckTag(const YamlNode* node, const std::string& tag) {
    if (node == nullptr || tag.empty() || tag == "?") return;
    builder_.Report(*node, "tags have no meaning here; what stands in quotes is a string");
  }

  Places& places_;
  TreeBuilder& builder_;
  int documents_ = 0;
};

void BuildFromYaml(std::string_view text, Places* places, TreeBuilder* builder) {
  std::istringstream stream{std::string(text)};
  YamlEvents events(places, builder);
  try {
    YAML::Parser parser(stream);
    while (!builder->stopped() && parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::Exception& exception) {
    // Its sentences begin in lower case and have no full stop, like ours. Some quote a character.
    std::string problem = "this is not YAML: " + exception.msg;
    std::replace_if(
        problem.begin(), problem.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    builder->Stop(places->Of(exception.mark.line, exception.mark.column), std::move(problem));
  }
}

// What YAML cannot hold, and yaml-cpp would not tell.
bool CheckCharacters(std::string_view text, Places* places, ConfigProblems* problems) {
  const size_t invalid = codec::FindInvalidUtf8(text);
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  if (invalid == std::string_view::npos && control == text.end()) return true;
  const bool not_utf8 = invalid != std::string_view::npos;
  const Position at = places->OfByte(not_utf8 ? invalid : static_cast<size_t>(control - text.begin()));
  problems->push_back(
      {at.line, at.column, "", not_utf8 ? "the text is not UTF-8" : "there is a control character"});
  return false;
}

}  // namespace

std::unique_ptr<const YamlNode> ParseYaml(std::string_view text, ConfigProblems* problems) {
  if (text.size() > ConfigFile::kMaxBytes) {
    problems->push_back({0, 0, "", "the file is larger than 1 MB"});
    return nullptr;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Places places(text);
  if (!CheckCharacters(text, &places, problems)) return nullptr;
  TreeBuilder builder(problems);
  // yaml-cpp does not accept all of JSON: it does not know surrogate pairs.
  if (codec::IsJson(text, TreeBuilder::kMaxDepth)) {
    BuildFromJson(text, &places, &builder);
  } else {
    BuildFromYaml(text, &places, &builder);
  }
  if (builder.stopped()) return nullptr;
  std::unique_ptr<YamlNode> root = builder.Take();
  if (root->at.line == 0) root->at = {1, 1};
  if (root->type == YamlNode::Type::kNull) root->type = YamlNode::Type::kMap;
  return root;
}

}  // namespace portolan::config
