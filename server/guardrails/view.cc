#include "server/guardrails/view.h"

#include <utility>

namespace portolan::guardrails {
namespace {

// Blocks nest as deep as their JSON may.
constexpr int kMaxBlockDepth = 64;

// The place of a text, if it is there and says anything.
#define PORTOLAN_TEXT(message, field) \
  ((message)->has_##field() && !(message)->field().empty() ? (message)->mutable_##field() : nullptr)

}  // namespace

View::View(std::string* text) {
  AddPiece(text, "user", true);
  groups_.push_back({{text}, false});
}

View View::OfJson(std::string* body) {
  View view;
  view.AddPiece(body, "", /*is_last=*/true, /*is_json=*/true);
  view.groups_.push_back({{body}, false});
  return view;
}

View::View(v1::ChatCompletionRequest* request) { ReadChat(request); }

void View::ReadChat(v1::ChatCompletionRequest* request) {
  chat_ = request;
  pieces_.clear();
  groups_.assign(1, {});
  for (int i = 0; i < request->messages_size(); ++i) {
    const bool is_last = i + 1 == request->messages_size();
    AddMessage(request->mutable_messages(i), is_last, is_last ? &groups_[0] : nullptr);
  }
  // A request's demand is of its last message, whatever that is.
  groups_[0].has_calls = false;
}

View::View(v1::CompletionRequest* request) : completion_(request) {
  if (request->has_prompt()) AddInput(request->mutable_prompt());
  if (std::string* suffix = PORTOLAN_TEXT(request, suffix)) AddPiece(suffix, "", true);
}

View::View(v1::EmbeddingRequest* request) {
  if (request->has_input()) AddInput(request->mutable_input());
}

View::View(v1::RerankRequest* request) {
  Group group;
  if (request->has_query()) {
    AddPiece(request->mutable_query(), "", true);
    group.texts.push_back(request->mutable_query());
  }
  for (v1::RerankDocument& document : *request->mutable_documents()) AddDocument(&document, &group);
  groups_.push_back(std::move(group));
}

View::View(v1::RerankResponse* answer) {
  Group group;
  for (v1::RerankResult& result : *answer->mutable_results()) {
    if (result.has_document()) AddDocument(result.mutable_document(), &group);
  }
  groups_.push_back(std::move(group));
}

void View::AddDocument(v1::RerankDocument* document, Group* group) {
  const auto add = [&](std::string* text) {
    AddPiece(text, "", true);
    group->texts.push_back(text);
  };
  if (document->has_text()) add(document->mutable_text());
  if (!document->has_fields()) return;
  v1::RerankFields* const fields = document->mutable_fields();
  if (fields->has_text()) add(fields->mutable_text());
  // Which of the others are compared is the provider's to say.
  for (v1::Extra& field : *fields->mutable_extra()) AddPiece(field.mutable_json(), "", true, true);
}

View::View(v1::ChatCompletion* answer) {
  for (v1::ChatChoice& choice : *answer->mutable_choices()) {
    Group group;
    if (choice.has_message()) AddMessage(choice.mutable_message(), true, &group);
    groups_.push_back(std::move(group));
  }
}

View::View(v1::Completion* answer) {
  for (v1::CompletionChoice& choice : *answer->mutable_choices()) {
    Group group;
    if (choice.has_text()) {
      AddPiece(choice.mutable_text(), "", true);
      group.texts.push_back(choice.mutable_text());
    }
    groups_.push_back(std::move(group));
  }
}

void View::AddPiece(std::string* text, std::string_view role, bool is_last, bool is_json) {
  pieces_.push_back({text, role, is_json, is_last});
}

void View::AddInput(v1::TextInput* input) {
  Group group;
  const auto add = [&](std::string* text) {
    AddPiece(text, "", true);
    group.texts.push_back(text);
  };
  if (input->has_text()) add(input->mutable_text());
  if (input->has_texts()) {
    for (std::string& text : *input->mutable_texts()->mutable_items()) add(&text);
  }
  has_tokens_ = input->has_tokens() || input->has_token_lists();
  groups_.push_back(std::move(group));
}

void View::AddMessage(v1::Message* message, bool is_last, Group* group) {
  const std::string_view role = message->role();
  if (message->has_content()) AddContent(message->mutable_content(), role, is_last, group);
  for (std::string* text : {PORTOLAN_TEXT(message, refusal), PORTOLAN_TEXT(message, reasoning_content),
                            PORTOLAN_TEXT(message, reasoning)}) {
    if (text != nullptr) AddPiece(text, role, is_last);
  }
  AddCalls(message, is_last, group);
  if (message->has_audio()) {
    if (std::string* said = PORTOLAN_TEXT(message->mutable_audio(), transcript))
      AddPiece(said, role, is_last);
  }
  for (v1::ContentBlock& block : *message->mutable_content_blocks()) AddBlock(&block, role, is_last, 0);
}

void View::AddContent(v1::Content* content, std::string_view role, bool is_last, Group* group) {
  if (content->has_text()) {
    AddPiece(content->mutable_text(), role, is_last);
    if (group != nullptr) group->texts.push_back(content->mutable_text());
    return;
  }
  if (!content->has_parts()) return;
  for (v1::ContentPart& part : *content->mutable_parts()->mutable_items()) {
    if (std::string* text = PORTOLAN_TEXT(&part, text)) {
      AddPiece(text, role, is_last);
      if (group != nullptr) group->texts.push_back(text);
    }
    if (std::string* refusal = PORTOLAN_TEXT(&part, refusal)) AddPiece(refusal, role, is_last);
  }
}

void View::AddCalls(v1::Message* message, bool is_last, Group* group) {
  const std::string_view role = message->role();
  const auto add_function = [&](v1::FunctionCall* call) {
    if (std::string* name = PORTOLAN_TEXT(call, name)) AddPiece(name, role, is_last);
    if (std::string* arguments = PORTOLAN_TEXT(call, arguments)) AddPiece(arguments, role, is_last, true);
  };
  for (v1::ToolCall& call : *message->mutable_tool_calls()) {
    if (call.has_function()) add_function(call.mutable_function());
    if (!call.has_custom()) continue;
    if (std::string* name = PORTOLAN_TEXT(call.mutable_custom(), name)) AddPiece(name, role, is_last);
    if (std::string* input = PORTOLAN_TEXT(call.mutable_custom(), input)) AddPiece(input, role, is_last);
  }
  if (message->has_function_call()) add_function(message->mutable_function_call());
  if (group != nullptr) group->has_calls = message->tool_calls_size() > 0 || message->has_function_call();
}

void View::AddBlock(v1::ContentBlock* block, std::string_view role, bool is_last, int depth) {
  if (depth == kMaxBlockDepth) return;
  for (std::string* text :
       {PORTOLAN_TEXT(block, text), PORTOLAN_TEXT(block, thinking), PORTOLAN_TEXT(block, name),
        PORTOLAN_TEXT(block, title), PORTOLAN_TEXT(block, context), PORTOLAN_TEXT(block, stdout),
        PORTOLAN_TEXT(block, stderr)}) {
    if (text != nullptr) AddPiece(text, role, is_last);
  }
  if (std::string* input = PORTOLAN_TEXT(block, input)) AddPiece(input, role, is_last, true);
  if (block->citations().has_list()) {
    for (v1::Citation& citation : *block->mutable_citations()->mutable_list()->mutable_items()) {
      if (std::string* cited = PORTOLAN_TEXT(&citation, cited_text)) AddPiece(cited, role, is_last);
    }
  }
  if (block->source().has_media()) AddSource(block->mutable_source()->mutable_media(), role, is_last, depth);
  if (block->has_content()) AddContent(block->mutable_content(), role, is_last, depth);
  // Blocks of other kinds say what they say in members of their own.
  for (v1::Extra& member : *block->mutable_extra()) AddPiece(member.mutable_json(), role, is_last, true);
}

// A document may be text, or blocks.
void View::AddSource(v1::MediaSource* source, std::string_view role, bool is_last, int depth) {
  if (source->type() == "text" && source->has_data()) AddPiece(source->mutable_data(), role, is_last);
  if (source->has_content()) AddContent(source->mutable_content(), role, is_last, depth);
}

void View::AddContent(v1::BlockContent* content, std::string_view role, bool is_last, int depth) {
  if (content->has_text()) AddPiece(content->mutable_text(), role, is_last);
  if (content->has_block()) AddBlock(content->mutable_block(), role, is_last, depth + 1);
  if (!content->has_blocks()) return;
  for (v1::ContentBlock& inner : *content->mutable_blocks()->mutable_items()) {
    AddBlock(&inner, role, is_last, depth + 1);
  }
}

std::vector<Demanded> View::WhatIsDemandedOf() const {
  std::vector<Demanded> demanded;
  for (const Group& group : groups_) {
    Demanded one;
    for (size_t i = 0; i < group.texts.size(); ++i) {
      if (i > 0) one.text += group.between;
      one.text += *group.texts[i];
    }
    one.calls_only = group.has_calls && one.text.empty();
    demanded.push_back(std::move(one));
  }
  return demanded;
}

bool View::Add(const Prefix& prefix) {
  if (chat_ != nullptr) return AddToChat(prefix);
  if (messages_ != nullptr) return AddToMessages(prefix);
  return completion_ != nullptr && AddToPrompt(prefix);
}

bool View::AddToPrompt(const Prefix& prefix) {
  bool added = false;
  for (const Piece& piece : pieces_) {
    const bool is_suffix = completion_->has_suffix() && piece.text == completion_->mutable_suffix();
    if (is_suffix) continue;
    piece.text->insert(0, prefix.text);
    added = true;
  }
  return added;
}

bool View::AddToChat(const Prefix& prefix) {
  auto* const messages = chat_->mutable_messages();
  int at = 0;
  while (at < messages->size() && messages->Get(at).role() != prefix.role) ++at;
  const bool exists = at < messages->size();
  if (exists && prefix.only_if_empty) return false;
  if (exists && prefix.add_to_existing) {
    v1::Content* const content = messages->Mutable(at)->mutable_content();
    if (content->has_parts()) {
      auto* const parts = content->mutable_parts()->mutable_items();
      v1::ContentPart* const part = parts->Add();
      part->set_type("text");
      part->set_text(prefix.text);
      for (int i = parts->size() - 1; i > 0; --i) parts->SwapElements(i, i - 1);
    } else {
      content->mutable_text()->insert(0, prefix.text);
    }
  } else {
    // Before the one of its role; else a system message is the first and any other the last.
    if (!exists && prefix.role == "system") at = 0;
    v1::Message* const message = messages->Add();
    message->set_role(prefix.role);
    message->mutable_content()->set_text(prefix.text);
    for (int i = messages->size() - 1; i > at; --i) messages->SwapElements(i, i - 1);
  }
  ReadChat(chat_);
  return true;
}

#undef PORTOLAN_TEXT

}  // namespace portolan::guardrails
