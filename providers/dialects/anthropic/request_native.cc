// What callers write in Anthropic's own form passes as it is, but for what the API is known to refuse: text
// of white space alone, ids of calls that are no ids there or stand twice, inputs that are no objects.

#include <algorithm>
#include <array>

#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::anthropic {
namespace {

using codec::JsonReader;
using codec::JsonType;

// Block types that a part may have in Anthropic's own spelling, its members beside `type`.
constexpr std::array<std::string_view, 8> kNativeUserParts = {
    "image",    "document", "search_result",    "tool_result", "container_upload",
    "tool_use", "thinking", "redacted_thinking"};

bool IsBlankText(const api::ContentBlock& block) { return block.type() == "text" && IsBlank(block.text()); }

void MendImage(api::ContentBlock* block) {
  if (block->type() != "image" || !block->source().media().has_media_type()) return;
  api::MediaSource* source = block->mutable_source()->mutable_media();
  source->set_media_type(ImageType(source->media_type()));
}

void MendContent(api::BlockContent* content) {
  if (content->kind_case() == api::BlockContent::kText) {
    if (IsBlank(content->text())) content->clear_kind();
  } else if (content->kind_case() == api::BlockContent::kBlocks) {
    Blocks* blocks = content->mutable_blocks()->mutable_items();
    blocks->erase(std::remove_if(blocks->begin(), blocks->end(), IsBlankText), blocks->end());
    for (api::ContentBlock& block : *blocks) MendImage(&block);
    if (blocks->empty()) content->clear_kind();
  }
}

void EraseExtra(std::string_view name, Extras* extras) {
  for (int i = extras->size() - 1; i >= 0; --i) {
    if (extras->Get(i).name() == name) extras->DeleteSubrange(i, 1);
  }
}

bool IsBlankString(std::string_view json) { return json.starts_with('"') && IsBlank(AsText(json)); }

// {"type":"text","text":" "}
bool IsBlankTextBlock(std::string_view json) {
  JsonReader reader(json);
  if (reader.Peek() != JsonType::kObject || !reader.EnterObject()) return false;
  bool is_text = false;
  bool is_blank = false;
  std::string scratch;
  for (std::string_view name; reader.NextMember(&name, &scratch);) {
    std::string_view value;
    const bool is_type = name == "type";
    const bool is_said = name == "text";
    if (!reader.Skip(&value)) return false;
    if (is_type) is_text = AsText(value) == "text";
    if (is_said) is_blank = IsBlankString(value);
  }
  return is_text && is_blank;
}

// The elements of a JSON array of which `leave_out` is not true; "" if none remain.
template <typename LeaveOut>
std::string Filtered(std::string_view array, LeaveOut leave_out) {
  JsonReader reader(array);
  std::string out;
  bool whole = true;
  if (reader.Peek() != JsonType::kArray || !reader.EnterArray()) return std::string(array);
  for (int i = 0; reader.NextElement(); ++i) {
    std::string_view element;
    if (!reader.Skip(&element)) return std::string(array);
    if (leave_out(i, element)) {
      whole = false;
    } else {
      out += out.empty() ? '[' : ',';
      out += element;
    }
  }
  if (whole) return std::string(array);
  return out.empty() ? out : out += ']';
}

// Text or blocks without what is blank; "" if nothing remains.
std::string WithoutBlankText(std::string_view content) {
  if (IsBlankString(content)) return {};
  return Filtered(content, [](int, std::string_view block) { return IsBlankTextBlock(block); });
}

}  // namespace

void RequestEncoder::CopyGivenBlocks(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  blocks->Reserve(blocks->size() + message.content_blocks_size());
  for (int i = 0; i < message.content_blocks_size(); ++i) {
    const api::ContentBlock& given = message.content_blocks(i);
    if (IsBlankText(given)) continue;
    api::ContentBlock* block = blocks->Add();
    *block = given;
    if (given.type() == "tool_use") MendGivenCall(MemberPath{&path, "content_blocks", i}, block);
    if (given.type() == "tool_result") MendGivenResult(block);
    MendImage(block);
  }
}

// A part in Anthropic's own form, from callers who know whom they talk to.
bool RequestEncoder::AppendNativePart(const api::ContentPart& part, Role role, const MemberPath& path,
                                      Blocks* blocks) {
  const std::string& type = part.type();
  const bool native = role != Role::kSystem && std::find(kNativeUserParts.begin(), kNativeUserParts.end(),
                                                         type) != kNativeUserParts.end();
  if (!native || part.extra().empty()) {
    return Fail("unsupported_value", "anthropic cannot take a part of type \"" + type + "\" here",
                MemberPath{&path, "type"});
  }
  api::ContentBlock* block = blocks->Add();
  block->set_type(type);
  MarkForCache(part, block);
  const bool is_call = type == "tool_use";
  const bool is_result = type == "tool_result";
  for (const api::Extra& extra : part.extra()) {
    const std::string& name = extra.name();
    if (is_call && name == "id") {
      block->set_id(AsText(extra.json()));
    } else if (is_call && name == "input") {
      block->set_input(extra.json());
    } else if (is_result && name == "tool_use_id") {
      block->set_tool_use_id(AsText(extra.json()));
    } else {
      *block->add_extra() = extra;
    }
  }
  if (is_call) MendGivenCall(path, block);
  if (is_result) MendGivenResult(block);
  return true;
}

void RequestEncoder::MendGivenCall(const MemberPath& path, api::ContentBlock* block) {
  EraseExtra("id", block->mutable_extra());
  block->set_id(tool_ids_.ForCall(block->id(), MessageNumber()));
  EraseExtra("input", block->mutable_extra());
  if (!block->has_input() || IsEmptyJson(block->input())) {
    block->set_input("{}");
  } else if (!IsJsonObject(block->input())) {
    block->set_input(AsArgumentsObject(AsText(block->input())));
    Drop(MemberPath{&path, "input"});
  }
}

void RequestEncoder::MendGivenResult(api::ContentBlock* block) {
  EraseExtra("tool_use_id", block->mutable_extra());
  std::string id = tool_ids_.ForResult(block->tool_use_id());
  if (!id.empty()) block->set_tool_use_id(std::move(id));
  if (block->has_content()) {
    MendContent(block->mutable_content());
    if (block->content().kind_case() == api::BlockContent::KIND_NOT_SET) block->clear_content();
  }
  for (api::Extra& extra : *block->mutable_extra()) {
    if (extra.name() != "content") continue;
    std::string content = WithoutBlankText(extra.json());
    if (!content.empty()) {
      extra.set_json(std::move(content));
      continue;
    }
    EraseExtra("content", block->mutable_extra());
    break;
  }
}

// The request's own members in Anthropic's form.
void RequestEncoder::MendNativeMembers() {
  Extras* extras = wire_->mutable_extra();
  for (int i = extras->size() - 1; i >= 0; --i) {
    api::Extra* extra = extras->Mutable(i);
    std::string mended;
    if (extra->name() == "system") {
      mended = WithoutBlankText(extra->json());
    } else if (extra->name() == "stop_sequences") {
      mended = Filtered(extra->json(), [&](int at, std::string_view sequence) {
        if (!IsBlankString(sequence)) return false;
        if (!AsText(sequence).empty()) Drop(MemberPath{nullptr, "stop_sequences", at});
        return true;
      });
    } else {
      continue;
    }
    if (mended.empty()) {
      extras->DeleteSubrange(i, 1);
    } else {
      extra->set_json(std::move(mended));
    }
  }
}

std::string AsText(std::string_view json) {
  if (json == "null") return {};
  JsonReader reader(json);
  std::string scratch;
  std::string_view text;
  if (reader.Peek() != JsonType::kString || !reader.ReadString(&text, &scratch)) return std::string(json);
  return std::string(text);
}

}  // namespace portolan::providers::anthropic
