#include "providers/dialects/cohere/response.h"

#include <utility>
#include <vector>

#include "providers/classify.h"
#include "providers/dialects/cohere/errors.h"
#include "server/base/utf8.h"

namespace portolan::providers::cohere {
namespace {

// Reads the parts of a message one by one, into OpenAI's members and into ordered ones.
class MessageReader {
 public:
  MessageReader(bool wants_blocks, api::Message* to) : wants_blocks_(wants_blocks), to_(to) {}

  void Read(const wire::AnswerMessage& from) {
    AddReasoning(from.tool_plan());
    for (const wire::Part& part : from.content()) {
      begins_.push_back(characters_);
      blocks_.push_back(-1);
      if (part.has_thinking()) AddReasoning(part.thinking());
      if (part.has_text()) AddText(part.text());
    }
    for (const wire::ToolCall& call : from.tool_calls()) AddCall(call);
    AddCitations(from.citations());
    if (has_text_) to_->mutable_content()->set_text(std::move(text_));
    if (!reasoning_.empty()) to_->set_reasoning_content(std::move(reasoning_));
    CopyExtras(from.extra(), to_);
  }

 private:
  void AddReasoning(const std::string& text) {
    if (text.empty()) return;
    reasoning_ += text;
    if (!wants_blocks_) return;
    api::ContentBlock* block = to_->add_content_blocks();
    block->set_type("thinking");
    block->set_thinking(text);
  }

  void AddText(const std::string& text) {
    has_text_ = true;
    text_ += text;
    characters_ += CountUtf8(text);
    if (!wants_blocks_ || text.empty()) return;
    blocks_.back() = to_->content_blocks_size();
    api::ContentBlock* block = to_->add_content_blocks();
    block->set_type("text");
    block->set_text(text);
  }

  void AddCall(const wire::ToolCall& from) {
    const std::string& given = from.function().arguments();
    const std::string arguments = given.empty() ? "{}" : given;
    api::ToolCall* call = to_->add_tool_calls();
    call->set_id(from.id());
    call->set_type("function");
    call->mutable_function()->set_name(from.function().name());
    call->mutable_function()->set_arguments(arguments);
    CopyExtras(from.extra(), call);
    if (!wants_blocks_) return;
    api::ContentBlock* block = to_->add_content_blocks();
    block->set_type("tool_use");
    block->set_id(from.id());
    block->set_name(from.function().name());
    block->set_input(IsJsonObject(arguments) ? arguments : JsonString(arguments));
  }

  void AddCitations(const std::string& citations) {
    if (citations.empty() || IsEmptyJson(citations)) return;
    AddExtra("citations", citations, to_->mutable_extra());
    ForEachElement(citations, [&](std::string_view citation) {
      const auto index = static_cast<size_t>(ReadCitation(citation).content_index);
      const bool known = index < begins_.size();
      const int block = known ? blocks_[index] : -1;
      TranslateCitation(citation, known ? begins_[index] : 0, to_->mutable_annotations(),
                        block < 0 ? nullptr : to_->mutable_content_blocks(block));
    });
  }

  const bool wants_blocks_;
  api::Message* to_;
  std::string text_;
  std::string reasoning_;
  bool has_text_ = false;
  int64_t characters_ = 0;
  // Of each part of the content: where it begins in the text, and its ordered block, -1 if it has none.
  std::vector<int64_t> begins_;
  std::vector<int> blocks_;
};

}  // namespace

std::optional<Error> DecodeAnswer(const wire::ChatResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub) {
  if (IsFailure(answer.finish_reason())) {
    return Failed(answer.finish_reason(), JsonText(FindExtra(answer.extra(), "error")));
  }
  if (std::string text = JsonText(FindExtra(answer.extra(), "message")); !text.empty()) {
    return Failed({}, std::move(text));  // an error answer under a good status
  }
  if (!answer.has_message()) {
    return BrokenAnswer("upstream_invalid_answer", "cohere answered with something that is not a message");
  }
  hub->set_id(answer.id().empty() ? AnswerId(facts) : answer.id());
  hub->set_object("chat.completion");
  hub->set_created(facts.unix_seconds);
  hub->set_model(std::string(facts.model));
  api::ChatChoice* choice = hub->add_choices();
  choice->set_index(0);
  api::Message* message = choice->mutable_message();
  message->set_role("assistant");
  MessageReader(facts.content_blocks, message).Read(answer.message());
  for (const wire::LogprobItem& item : answer.logprobs()) {
    TranslateLogprob(item, choice->mutable_logprobs()->add_content());
  }
  const std::string& reason = answer.finish_reason();
  choice->set_finish_reason(std::string(FinishReason(reason, !message->tool_calls().empty())));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  if (answer.has_usage()) TranslateUsage(answer.usage(), hub->mutable_usage());
  CopyExtras(answer.extra(), hub);
  return std::nullopt;
}

std::string AnswerId(const CallFacts& facts) {
  return "chatcmpl-cohere-" + std::to_string(facts.unix_seconds);
}

std::string_view FinishReason(std::string_view reason, bool has_calls) {
  if (reason == "MAX_TOKENS") return "length";
  if (reason == "TOOL_CALL") return "tool_calls";
  const bool stop = reason.empty() || reason == "COMPLETE" || reason == "STOP_SEQUENCE";
  return stop && has_calls ? "tool_calls" : "stop";
}

void TranslateLogprob(const wire::LogprobItem& from, api::TokenLogprob* to) {
  double logprob = 0;
  for (const double one : from.logprobs()) logprob += one;
  to->set_token(from.text());
  to->set_logprob(logprob);
  for (const char byte : from.text()) to->add_bytes(static_cast<unsigned char>(byte));
  AddExtra("top_logprobs", "[]", to->mutable_extra());  // is there and empty
}

}  // namespace portolan::providers::cohere
