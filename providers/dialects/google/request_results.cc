#include <algorithm>
#include <string>
#include <vector>

#include "providers/dialects/google/request.h"
#include "server/base/text.h"

namespace portolan::providers::gemini {
namespace {

// The API takes objects only. One goes as it is; anything else becomes the member `result`, as Google's own
// OpenAI endpoint has it, and what a function says that failed the member `error`.
std::string AsResponse(std::string_view text, bool is_error) {
  if (is_error) return JsonObjectOfText("error", text);
  const std::string_view json = TrimSpace(text);
  if (IsJsonObject(json)) return std::string(json);
  if (IsJsonArray(json)) return JsonObjectOf("result", json);
  return JsonObjectOfText("result", text);
}

bool IsError(const api::Message& message) {
  if (FindExtra(message.extra(), "is_error") == "true") return true;
  return std::any_of(message.content_blocks().begin(), message.content_blocks().end(),
                     [](const api::ContentBlock& block) { return block.is_error(); });
}

// One text as it is, several as a list.
std::string ResponseOf(const std::vector<std::string>& texts, bool is_error) {
  if (texts.empty()) return AsResponse({}, is_error);
  if (texts.size() == 1) return AsResponse(texts.front(), is_error);
  std::vector<std::string> list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back(JsonString(text));
  return JsonObjectOf(is_error ? "error" : "result", JsonArrayOf(list));
}

// What a function said in words. Its media cannot stand among them.
std::vector<std::string> TextsOf(const api::Message& message) {
  std::vector<std::string> texts;
  const auto add = [&](const api::BlockContent& content) {
    if (content.kind_case() == api::BlockContent::kText) texts.push_back(content.text());
    for (const api::ContentBlock& block : content.blocks().items()) {
      if (block.type() == "text") texts.push_back(block.text());
    }
  };
  if (message.content().kind_case() == api::Content::kText) texts.push_back(message.content().text());
  for (const api::ContentPart& part : message.content().parts().items()) {
    if (part.type() == "text") texts.push_back(part.text());
  }
  if (message.content().kind_case() != api::Content::KIND_NOT_SET) return texts;
  for (const api::ContentBlock& block : message.content_blocks()) {
    if (block.type() == "tool_result") add(block.content());
  }
  return texts;
}

}  // namespace

bool RequestEncoder::EncodeResult(const api::Message& message, const MemberPath& path) {
  std::string id = message.tool_call_id();
  for (const api::ContentBlock& block : message.content_blocks()) {
    if (id.empty()) id = block.tool_use_id();
  }
  const bool deprecated = message.role() == "function";
  const CallNames::Found call = calls_.Answer(deprecated ? std::string() : id, message.name());
  if (call.name.empty()) {
    return Fail("invalid_value", "a tool's answer must name a call of the conversation",
                MemberPath{&path, deprecated ? "name" : "tool_call_id"});
  }
  wire::FunctionResponse* result = PlaceResult(call.place);
  result->set_name(call.name);
  if (traits_.calls_are_signed && sends_ids_ && !call.id.empty()) result->set_id(call.id);
  result->set_response(ResponseOf(TextsOf(message), IsError(message)));
  return AppendResultMedia(message, path);
}

// All results of a turn stand in one content, in the order of the calls, however they come.
wire::FunctionResponse* RequestEncoder::PlaceResult(int place) {
  if (results_ == nullptr) {
    turn_ = Turn::kResults;
    last_turn_ = Turn::kNone;
    AddPart();
    results_ = wire_->mutable_contents(wire_->contents_size() - 1);
    results_order_.clear();
  } else {
    results_->add_parts();
  }
  int at = results_->parts_size() - 1;
  for (; at > 0 && results_order_[static_cast<size_t>(at) - 1] > place; --at) {
    results_->mutable_parts()->SwapElements(at, at - 1);
  }
  results_order_.insert(results_order_.begin() + at, place);
  return results_->mutable_parts(at)->mutable_function_response();
}

// What is no text follows the results in a turn of the user's.
bool RequestEncoder::AppendResultMedia(const api::Message& message, const MemberPath& path) {
  turn_ = Turn::kUser;
  const auto& parts = message.content().parts().items();
  for (int i = 0; i < parts.size(); ++i) {
    const MemberPath part{&path, "content", i};
    if (parts.Get(i).type() == "text") {
      if (parts.Get(i).has_cache_control()) Drop(MemberPath{&part, "cache_control"});
      DropExtras(parts.Get(i).extra(), part);
    } else if (!AppendPart(parts.Get(i), part)) {
      return false;
    }
  }
  if (message.content().kind_case() != api::Content::KIND_NOT_SET) return true;
  for (int i = 0; i < message.content_blocks_size(); ++i) {
    const MemberPath block{&path, "content_blocks", i};
    const auto& inner = message.content_blocks(i).content().blocks().items();
    for (int j = 0; j < inner.size(); ++j) {
      if (inner.Get(j).type() == "text") continue;
      if (!AppendBlock(inner.Get(j), MemberPath{&block, "content", j})) return false;
    }
  }
  return true;
}

}  // namespace portolan::providers::gemini
