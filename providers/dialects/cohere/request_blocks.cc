// Messages in their ordered form, the hub's content_blocks, which have the shape of Anthropic's.

#include <algorithm>

#include "providers/dialects/cohere/request.h"
#include "providers/dialects/common/media.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::cohere {

bool RequestEncoder::AppendBlocks(const api::Message& message, Role role, const MemberPath& path,
                                  wire::Message* out, Parts* parts) {
  const auto& blocks = message.content_blocks();
  const bool calls = std::any_of(blocks.begin(), blocks.end(),
                                 [](const api::ContentBlock& block) { return block.type() == "tool_use"; });
  for (int i = 0; i < blocks.size(); ++i) {
    const api::ContentBlock& block = blocks.Get(i);
    const MemberPath at{&path, "content_blocks", i};
    if (block.has_cache_control()) Drop(MemberPath{&at, "cache_control"});
    if (role == Role::kAssistant) {
      AppendOwnBlock(block, calls, at, out, parts);
    } else if (!AppendBlock(block, role, at, parts)) {
      return false;
    }
  }
  return true;
}

// What a model said. What only its own provider understands is left out.
void RequestEncoder::AppendOwnBlock(const api::ContentBlock& block, bool with_calls, const MemberPath& path,
                                    wire::Message* out, Parts* parts) {
  const std::string& type = block.type();
  if (type == "text") {
    AddText(block.text(), parts);
    if (!block.citations().list().items().empty()) Drop(MemberPath{&path, "citations"});
  } else if (type == "thinking") {
    if (block.thinking() != out->tool_plan()) AddReasoning(block.thinking(), with_calls, path, out, parts);
  } else if (type == "tool_use") {
    wire::ToolCall* call = out->add_tool_calls();
    call->set_id(tool_ids_.ForCall(block.id(), number_));
    const std::string text = JsonText(block.input());
    const bool bare = text.empty() || IsJsonObject(block.input());
    const bool nothing = !block.has_input() || IsEmptyJson(block.input());
    EncodeArguments(block.name(),
                    nothing ? std::string_view() : std::string_view(bare ? block.input() : text), path, call);
  } else {
    Drop(path);
  }
}

bool RequestEncoder::AppendBlock(const api::ContentBlock& block, Role role, const MemberPath& path,
                                 Parts* parts) {
  const std::string& type = block.type();
  const bool media = role == Role::kUser || role == Role::kTool;
  if (type == "text") {
    AddText(block.text(), parts);
    return true;
  }
  if (media && type == "image") return AppendGivenImage(block, role, path, parts);
  if (media && type == "document") return AppendGivenDocument(block, path);
  if (media && type == "search_result") return AppendSearchResult(block, path);
  if (role == Role::kTool && type == "tool_result") return AppendGivenResult(block, path, parts);
  return Fail("unsupported_value", "cohere cannot take a block of type \"" + type + "\" here",
              MemberPath{&path, "type"});
}

bool RequestEncoder::AppendGivenImage(const api::ContentBlock& block, Role role, const MemberPath& path,
                                      Parts* parts) {
  const api::MediaSource& source = block.source().media();
  const MemberPath at{&path, "source"};
  Parts* to = role == Role::kTool ? &media_ : parts;
  if (source.type() == "url") return AppendImageUrl(source.url(), {}, MemberPath{&at, "url"}, to);
  if (source.type() == "base64") {
    return AppendImageUrl("data:" + source.media_type() + ";base64," + source.data(), {}, at, to);
  }
  return Fail("unsupported_value", "cohere has no source of type \"" + source.type() + "\"",
              MemberPath{&at, "type"});
}

bool RequestEncoder::AppendGivenDocument(const api::ContentBlock& block, const MemberPath& path) {
  const api::MediaSource& source = block.source().media();
  const MemberPath at{&path, "source"};
  std::string text;
  if (source.type() == "text") {
    text = source.data();
  } else if (source.type() == "content") {
    if (!TextOf(source.content(), "a document", MemberPath{&at, "content"}, &text)) return false;
  } else if (source.type() == "base64") {
    return AddDocument(source.media_type(), source.data(), block.title(), at);
  } else {
    return Fail("unsupported_value",
                "cohere has no source of type \"" + source.type() + "\": send the document's text",
                MemberPath{&at, "type"});
  }
  if (!block.context().empty()) Drop(MemberPath{&path, "context"});
  AddTextDocument(block.title(), {}, text);
  return true;
}

bool RequestEncoder::AppendSearchResult(const api::ContentBlock& block, const MemberPath& path) {
  std::string text;
  if (!TextOf(block.content(), "a search result", MemberPath{&path, "content"}, &text)) return false;
  AddTextDocument(block.title(), block.source().name(), text);
  return true;
}

bool RequestEncoder::AppendGivenResult(const api::ContentBlock& block, const MemberPath& path, Parts* parts) {
  const api::BlockContent& content = block.content();
  if (content.kind_case() == api::BlockContent::kText) AddText(content.text(), parts);
  const auto& items = content.blocks().items();
  for (int i = 0; i < items.size(); ++i) {
    if (!AppendBlock(items.Get(i), Role::kTool, MemberPath{&path, "content", i}, parts)) return false;
  }
  return true;
}

bool RequestEncoder::TextOf(const api::BlockContent& content, std::string_view what, const MemberPath& path,
                            std::string* text) {
  if (content.kind_case() == api::BlockContent::kText) *text = content.text();
  for (const api::ContentBlock& item : content.blocks().items()) {
    if (item.type() != "text") {
      return Fail("unsupported_value", "cohere takes " + std::string(what) + " of texts only", path);
    }
    if (!text->empty()) *text += '\n';
    *text += item.text();
  }
  return true;
}

}  // namespace portolan::providers::cohere
