// Messages in their ordered form, the hub's content_blocks, which have the shape of Anthropic's.

#include <algorithm>
#include <utility>

#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/common/media.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::bedrock {
namespace {

// `nova_grounding_result`: what a tool of Bedrock's own answered.
bool IsServerResult(const api::ContentBlock& block) {
  return block.has_tool_use_id() && block.type().ends_with("_result");
}

// What this gateway made of the pieces of an earlier answer for which Anthropic's form has no word. False if
// the block is none of these.
bool AppendOwnForm(const api::ContentBlock& block, wire::ToolResultBlock* result) {
  const std::string& type = block.type();
  const std::string_view json =
      type == "json" || type == "other" ? FindExtra(block.extra(), type) : std::string_view();
  if (json.empty()) return false;
  if (type == "json") {
    result->add_content()->set_json(std::string(json));
    return true;
  }
  if (!IsJsonObject(json)) return false;
  wire::ContentBlock* out = result->add_content();
  ForEachMember(json, [&](std::string_view name, std::string_view value) {
    AddExtra(name, std::string(value), out->mutable_extra());
  });
  return true;
}

}  // namespace

bool RequestEncoder::AppendGivenBlocks(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  for (int i = 0; i < message.content_blocks_size(); ++i) {
    const api::ContentBlock& block = message.content_blocks(i);
    const MemberPath at{&path, "content_blocks", i};
    const int before = blocks->size();
    if (!AppendGivenBlock(block, at, blocks)) return false;
    if (block.has_cache_control() && blocks->size() > before) {
      MarkForCache(&block.cache_control(), at, blocks);
    }
  }
  return true;
}

bool RequestEncoder::AppendGivenBlock(const api::ContentBlock& block, const MemberPath& path,
                                      Blocks* blocks) {
  const std::string& type = block.type();
  if (type == "text") {
    if (!IsBlank(block.text())) blocks->Add()->set_text(block.text());
    if (!block.citations().list().items().empty()) Drop(MemberPath{&path, "citations"});
  } else if (type == "thinking") {
    wire::ReasoningText* text = blocks->Add()->mutable_reasoning_content()->mutable_reasoning_text();
    text->set_text(block.thinking());
    if (block.has_signature() && !block.signature().empty()) text->set_signature(block.signature());
  } else if (type == "redacted_thinking") {
    blocks->Add()->mutable_reasoning_content()->set_redacted_content(block.data());
  } else if (type == "tool_use" || type == "server_tool_use") {
    AppendGivenCall(block, path, blocks);
  } else if (type == "tool_result" || IsServerResult(block)) {
    return AppendGivenResult(block, path, blocks);
  } else if (type == "image" || type == "document") {
    return AppendGivenMedia(block, path, blocks);
  } else if (type == "search_result") {
    return AppendGivenSearchResult(block, path, blocks);
  } else {
    return Fail("unsupported_value", "bedrock cannot take a block of type \"" + type + "\"",
                MemberPath{&path, "type"});
  }
  return true;
}

void RequestEncoder::AppendGivenCall(const api::ContentBlock& block, const MemberPath& path, Blocks* blocks) {
  wire::ToolUseBlock* call = blocks->Add()->mutable_tool_use();
  call->set_tool_use_id(tool_ids_.ForCall(block.id(), number_));
  call->set_name(block.name());
  if (block.type() == "server_tool_use") call->set_type(block.type());
  if (!block.has_input() || IsEmptyJson(block.input())) {
    call->set_input("{}");
  } else if (IsJsonObject(block.input())) {
    call->set_input(block.input());
  } else {
    const std::string text = JsonText(block.input());
    call->set_input(JsonObjectOfText("arguments", text.empty() ? block.input() : text));
    Drop(MemberPath{&path, "input"});
  }
}

bool RequestEncoder::AppendGivenResult(const api::ContentBlock& block, const MemberPath& path,
                                       Blocks* blocks) {
  wire::ToolResultBlock result;
  result.set_tool_use_id(tool_ids_.ForResult(block.tool_use_id()));
  if (result.tool_use_id().empty()) {
    return Fail("missing_value", "a tool's answer must name the call it answers",
                MemberPath{&path, "tool_use_id"});
  }
  if (block.type() != "tool_result") result.set_type(block.type());
  const api::BlockContent& content = block.content();
  if (content.kind_case() == api::BlockContent::kText) {
    if (!IsBlank(content.text())) result.add_content()->set_text(content.text());
  }
  const auto& items = content.blocks().items();
  for (int i = 0; i < items.size(); ++i) {
    const MemberPath at{&path, "content", i};
    if (AppendOwnForm(items.Get(i), &result)) continue;
    if (!AppendGivenBlock(items.Get(i), at, result.mutable_content())) {
      return false;
    }
  }
  FinishResult(block.is_error(), &result);
  *blocks->Add()->mutable_tool_result() = std::move(result);
  return true;
}

bool RequestEncoder::AppendGivenMedia(const api::ContentBlock& block, const MemberPath& path,
                                      Blocks* blocks) {
  const api::MediaSource& given = block.source().media();
  const MemberPath at{&path, "source"};
  const std::string& type = given.type();
  const int before = blocks->size();
  if (type == "base64") {
    wire::MediaSource source;
    source.set_bytes(given.data());
    DataUrl url;
    const std::string head = "data:" + given.media_type() + ";base64,";
    ReadDataUrl(head, &url);  // for the spelling of the type
    if (!AppendMedia(url.media_type, block.title(), std::move(source), at, blocks)) return false;
  } else if (type == "text") {
    wire::MediaSource source;
    source.set_text(given.data());
    AppendDocument("txt", block.title(), std::move(source), blocks);
  } else if (type == "url") {
    if (!AppendFromUrl(given.url(), block.title(), MemberPath{&at, "url"}, blocks)) return false;
  } else if (type == "content") {
    wire::MediaSource source;
    const api::BlockContent& content = given.content();
    if (content.kind_case() == api::BlockContent::kText) source.add_content()->set_text(content.text());
    for (const api::ContentBlock& item : content.blocks().items()) {
      if (item.type() != "text") {
        return Fail("unsupported_value", "bedrock takes a document of texts only",
                    MemberPath{&at, "content"});
      }
      source.add_content()->set_text(item.text());
    }
    AppendDocument("txt", block.title(), std::move(source), blocks);
  } else {
    return Fail("unsupported_value", "bedrock has no source of type \"" + type + "\"",
                MemberPath{&at, "type"});
  }
  if (blocks->size() == before || !blocks->rbegin()->has_document()) return true;
  wire::DocumentBlock* document = blocks->rbegin()->mutable_document();
  if (!block.context().empty()) document->set_context(block.context());
  if (block.citations().config().enabled()) document->mutable_citations()->set_enabled(true);
  return true;
}

bool RequestEncoder::AppendGivenSearchResult(const api::ContentBlock& block, const MemberPath& path,
                                             Blocks* blocks) {
  wire::SearchResultBlock* result = blocks->Add()->mutable_search_result();
  result->set_source(block.source().name());
  result->set_title(block.title());
  if (block.content().kind_case() == api::BlockContent::kText)
    result->add_content()->set_text(block.content().text());
  for (const api::ContentBlock& item : block.content().blocks().items()) {
    if (item.type() != "text") {
      return Fail("unsupported_value", "bedrock takes a search result of texts only",
                  MemberPath{&path, "content"});
    }
    result->add_content()->set_text(item.text());
  }
  if (block.citations().config().enabled()) result->mutable_citations()->set_enabled(true);
  return true;
}

}  // namespace portolan::providers::bedrock
