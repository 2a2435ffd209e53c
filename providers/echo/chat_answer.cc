#include <string>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "providers/echo/answer.h"
#include "providers/echo/reply.h"

namespace portolan::providers::echo {
namespace {

class ChatAnswer final : public OneMessage {
 public:
  ChatAnswer(const CallFacts& facts, Behavior behavior, const v1::ChatCompletionRequest& request)
      : OneMessage(facts, behavior), reply_(AnswerChat(request)) {}

 private:
  void Fill(Message* out) override {
    auto& completion = static_cast<v1::ChatCompletion&>(*out);
    completion.set_id(MakeId("chatcmpl", facts_));
    completion.set_object("chat.completion");
    completion.set_created(facts_.unix_seconds);
    completion.set_model(model_);
    v1::ChatChoice& choice = *completion.add_choices();
    choice.set_index(0);
    choice.set_finish_reason(reply_.finish_reason);
    v1::Message& message = *choice.mutable_message();
    message.set_role("assistant");
    if (reply_.calls.empty()) message.mutable_content()->set_text(reply_.text);
    int number = 0;
    for (const ToolCallReply& call : reply_.calls) {
      v1::ToolCall& made = *message.add_tool_calls();
      made.set_id("call_echo_" + std::to_string(number++));
      made.set_type("function");
      made.mutable_function()->set_name(call.name);
      made.mutable_function()->set_arguments(call.arguments);
    }
    FillUsage(reply_.prompt_tokens, reply_.completion_tokens, completion.mutable_usage());
  }

  const ChatReply reply_;
};

// A stream: the role, the text in pieces (or the call in two), the finish reason, and usage if asked for.
class ChatStream final : public Answer {
 public:
  ChatStream(const CallFacts& facts, Behavior behavior, const v1::ChatCompletionRequest& request)
      : facts_(facts),
        model_(facts.model),
        behavior_(behavior),
        reply_(AnswerChat(request)),
        pieces_(Pieces(reply_.calls.empty() ? std::string_view(reply_.text) : reply_.calls[0].arguments)) {}

  Step Next(Message* out) override {
    if (behavior_.cut_after >= 0 && chunk_ >= behavior_.cut_after) {
      return CutStep();
    }
    const size_t chunk = static_cast<size_t>(chunk_++);
    auto& message = static_cast<v1::ChatCompletionChunk&>(*out);
    message.set_id(MakeId("chatcmpl", facts_));
    message.set_object("chat.completion.chunk");
    message.set_created(facts_.unix_seconds);
    message.set_model(model_);
    if (chunk == pieces_.size() + 2) {
      if (!facts_.include_usage) return EndStep();
      FillUsage(reply_.prompt_tokens, reply_.completion_tokens, message.mutable_usage());
      // An empty list, written out: a chunk of usage has no choices.
      v1::Extra& empty = *message.add_extra();
      empty.set_name("choices");
      empty.set_json("[]");
      return MessageStep(behavior_.delay);
    }
    if (chunk > pieces_.size() + 2) return EndStep();
    v1::ChatChunkChoice& choice = *message.add_choices();
    choice.set_index(0);
    v1::MessageDelta& delta = *choice.mutable_delta();
    if (chunk == 0) {
      FillFirst(&delta);
    } else if (chunk <= pieces_.size()) {
      FillPiece(pieces_[chunk - 1], &delta);
    } else {
      choice.set_finish_reason(reply_.finish_reason);
    }
    return MessageStep(behavior_.delay);
  }

 private:
  void FillFirst(v1::MessageDelta* delta) const {
    delta->set_role("assistant");
    if (reply_.calls.empty()) {
      delta->set_content("");
      return;
    }
    v1::ToolCallDelta& call = *delta->add_tool_calls();
    call.set_index(0);
    call.set_id("call_echo_0");
    call.set_type("function");
    call.mutable_function()->set_name(reply_.calls[0].name);
    call.mutable_function()->set_arguments("");
  }

  void FillPiece(std::string_view piece, v1::MessageDelta* delta) const {
    if (reply_.calls.empty()) {
      delta->set_content(std::string(piece));
      return;
    }
    v1::ToolCallDelta& call = *delta->add_tool_calls();
    call.set_index(0);
    call.mutable_function()->set_arguments(std::string(piece));
  }

  const CallFacts facts_;
  const std::string model_;
  const Behavior behavior_;
  const ChatReply reply_;
  const std::vector<std::string_view> pieces_;
  int chunk_ = 0;
};

}  // namespace

std::unique_ptr<Answer> NewChatAnswer(const CallFacts& facts, Behavior behavior,
                                      const v1::ChatCompletionRequest& request) {
  if (facts.stream) return std::make_unique<ChatStream>(facts, behavior, request);
  return std::make_unique<ChatAnswer>(facts, behavior, request);
}

}  // namespace portolan::providers::echo
