// The texts of Anthropic's Messages API (https://docs.anthropic.com/en/api/messages).

#include <algorithm>
#include <utility>

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {
namespace {

namespace api = ::anthropic::v1;

constexpr std::string_view kSystem = "system";

bool IsToolResult(const v1::ContentBlock& block) { return block.type() == "tool_result"; }
bool IsText(const v1::ContentBlock& block) { return block.type() == "text" && block.has_text(); }

// What a tool answered in words.
void AppendResult(v1::ContentBlock* block, std::vector<const std::string*>* texts) {
  if (!block->has_content()) return;
  v1::BlockContent* const content = block->mutable_content();
  if (content->has_text()) texts->push_back(content->mutable_text());
  if (!content->has_blocks()) return;
  for (v1::ContentBlock& inner : *content->mutable_blocks()->mutable_items()) {
    if (IsText(inner)) texts->push_back(inner.mutable_text());
  }
}

// Puts a text before what is there: into it, or as a block.
void PutBefore(const std::string& text, bool into_text, api::MessageContent* content) {
  if (!content->has_blocks()) {
    if (into_text || !content->has_text()) {
      content->mutable_text()->insert(0, text);
      return;
    }
    std::string old = std::move(*content->mutable_text());
    v1::ContentBlock* const block = content->mutable_blocks()->add_items();
    block->set_type("text");
    block->set_text(std::move(old));
  }
  auto* const blocks = content->mutable_blocks()->mutable_items();
  // Results of tools come first in a message.
  const auto first = std::find_if_not(blocks->begin(), blocks->end(), IsToolResult);
  const auto at = static_cast<int>(first - blocks->begin());
  v1::ContentBlock* const block = blocks->Add();
  block->set_type("text");
  block->set_text(text);
  for (int i = blocks->size() - 1; i > at; --i) blocks->SwapElements(i, i - 1);
}

}  // namespace

View::View(api::MessagesRequest* request) { ReadMessages(request); }

View::View(api::MessagesResponse* answer) {
  Group group;
  // A text is cut into blocks where it cites.
  group.between = "";
  for (v1::ContentBlock& block : *answer->mutable_content()) {
    AddBlock(&block, answer->role(), /*is_last=*/true, 0);
    if (IsText(block)) group.texts.push_back(block.mutable_text());
    group.has_calls |= block.has_input();
  }
  groups_.push_back(std::move(group));
}

void View::ReadMessages(api::MessagesRequest* request) {
  messages_ = request;
  pieces_.clear();
  groups_.assign(1, {});
  if (request->has_system()) AddContent(request->mutable_system(), kSystem, false, nullptr);
  for (int i = 0; i < request->messages_size(); ++i) {
    api::Message* const message = request->mutable_messages(i);
    const bool is_last = i + 1 == request->messages_size();
    if (!message->has_content()) continue;
    AddContent(message->mutable_content(), message->role(), is_last, is_last ? &groups_[0] : nullptr);
  }
}

void View::AddContent(api::MessageContent* content, std::string_view role, bool is_last, Group* group) {
  if (content->has_text()) {
    AddPiece(content->mutable_text(), role, is_last);
    if (group != nullptr) group->texts.push_back(content->mutable_text());
  }
  if (!content->has_blocks()) return;
  std::vector<const std::string*> results;
  for (v1::ContentBlock& block : *content->mutable_blocks()->mutable_items()) {
    AddBlock(&block, IsToolResult(block) ? "tool" : role, is_last, 0);
    if (group == nullptr) continue;
    if (IsText(block)) group->texts.push_back(block.mutable_text());
    if (IsToolResult(block)) AppendResult(&block, &results);
  }
  // A turn of nothing but results is the last message of its tool.
  if (group != nullptr && group->texts.empty()) group->texts = std::move(results);
}

bool View::AddToMessages(const Prefix& prefix) {
  auto* const messages = messages_->mutable_messages();
  const auto found = std::find_if(messages->begin(), messages->end(),
                                  [&](const api::Message& one) { return one.role() == prefix.role; });
  const bool is_system = prefix.role == kSystem;
  const bool exists = is_system && messages_->has_system() ? true : found != messages->end();
  if (exists && prefix.only_if_empty) return false;
  if (is_system && (messages_->has_system() || !exists)) {
    PutBefore(prefix.text, prefix.add_to_existing, messages_->mutable_system());
  } else if (exists && prefix.add_to_existing) {
    PutBefore(prefix.text, /*into_text=*/true, found->mutable_content());
  } else {
    // Before the one of its role, else the last.
    const auto at = static_cast<int>(found - messages->begin());
    api::Message* const message = messages->Add();
    message->set_role(prefix.role);
    message->mutable_content()->set_text(prefix.text);
    for (int i = messages->size() - 1; i > at; --i) messages->SwapElements(i, i - 1);
  }
  ReadMessages(messages_);
  return true;
}

}  // namespace portolan::guardrails
