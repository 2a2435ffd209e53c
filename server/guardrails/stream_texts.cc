#include "server/guardrails/stream_texts.h"

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/completion.pb.h"

namespace portolan::guardrails {
namespace {

using google::protobuf::Message;
using Kind = Lane::Kind;

class Collector {
 public:
  explicit Collector(std::vector<EventText>* texts) : texts_(*texts) {}

  void Chat(v1::ChatCompletionChunk* chunk) {
    for (v1::ChatChunkChoice& choice : *chunk->mutable_choices()) {
      choice_ = choice.index();
      if (choice.has_delta()) Delta(choice.mutable_delta());
    }
  }

  void Completion(v1::Completion* chunk) {
    for (v1::CompletionChoice& choice : *chunk->mutable_choices()) {
      choice_ = choice.index();
      if (choice.has_text()) Add(Kind::kText, 0, choice.mutable_text());
    }
  }

  void Event(anthropic::v1::StreamEvent* event) {
    const int block = event->index();
    if (event->has_content_block()) Block(event->mutable_content_block(), block);
    if (!event->has_delta()) return;
    anthropic::v1::EventDelta* const delta = event->mutable_delta();
    if (delta->has_text()) Add(Kind::kText, block, delta->mutable_text());
    if (delta->has_thinking()) Add(Kind::kBlockThinking, block, delta->mutable_thinking());
    if (delta->has_partial_json()) Add(Kind::kCallArguments, block, delta->mutable_partial_json());
  }

 private:
  void Add(Kind kind, int item, std::string* text) {
    if (!text->empty()) texts_.push_back({{choice_, kind, item}, text});
  }

  // The beginning of a block of Anthropic's.
  void Block(v1::ContentBlock* block, int item) {
    if (block->has_text()) Add(Kind::kText, item, block->mutable_text());
    if (block->has_thinking()) Add(Kind::kBlockThinking, item, block->mutable_thinking());
    if (block->has_name()) Add(Kind::kCallName, item, block->mutable_name());
  }

  void Delta(v1::MessageDelta* delta) {
    if (delta->has_content()) Add(Kind::kText, 0, delta->mutable_content());
    if (delta->has_refusal()) Add(Kind::kRefusal, 0, delta->mutable_refusal());
    if (delta->has_reasoning_content()) {
      Add(Kind::kReasoningContent, 0, delta->mutable_reasoning_content());
    }
    if (delta->has_reasoning()) Add(Kind::kReasoning, 0, delta->mutable_reasoning());
    for (v1::ToolCallDelta& call : *delta->mutable_tool_calls()) {
      if (call.has_function()) {
        Function(call.mutable_function(), Kind::kCallName, Kind::kCallArguments, call.index());
      }
      if (!call.has_custom()) continue;
      if (call.custom().has_name())
        Add(Kind::kCustomName, call.index(), call.mutable_custom()->mutable_name());
      if (call.custom().has_input()) {
        Add(Kind::kCustomInput, call.index(), call.mutable_custom()->mutable_input());
      }
    }
    if (delta->has_function_call()) {
      Function(delta->mutable_function_call(), Kind::kFunctionName, Kind::kFunctionArguments, 0);
    }
    if (delta->has_audio() && delta->audio().has_transcript()) {
      Add(Kind::kTranscript, 0, delta->mutable_audio()->mutable_transcript());
    }
    for (v1::ContentBlockDelta& step : *delta->mutable_content_blocks()) BlockStep(&step);
  }

  void Function(v1::FunctionCall* call, Kind name, Kind arguments, int item) {
    if (call->has_name()) Add(name, item, call->mutable_name());
    if (call->has_arguments()) Add(arguments, item, call->mutable_arguments());
  }

  // Of the hub's own blocks, which say once more what the other members say.
  void BlockStep(v1::ContentBlockDelta* step) {
    const int item = step->index();
    if (step->has_content_block()) {
      v1::ContentBlock* const block = step->mutable_content_block();
      if (block->has_text()) Add(Kind::kBlockText, item, block->mutable_text());
      if (block->has_thinking()) Add(Kind::kBlockThinking, item, block->mutable_thinking());
      if (block->has_name()) Add(Kind::kBlockName, item, block->mutable_name());
    }
    if (!step->has_delta()) return;
    v1::BlockDelta* const delta = step->mutable_delta();
    if (delta->has_text()) Add(Kind::kBlockText, item, delta->mutable_text());
    if (delta->has_thinking()) Add(Kind::kBlockThinking, item, delta->mutable_thinking());
    if (delta->has_partial_json()) Add(Kind::kBlockInput, item, delta->mutable_partial_json());
  }

  std::vector<EventText>& texts_;
  int choice_ = 0;
};

v1::Message* MessageOf(const Lane& lane, v1::ChatCompletion* answer) {
  for (v1::ChatChoice& choice : *answer->mutable_choices()) {
    if (choice.index() == lane.choice) return choice.mutable_message();
  }
  v1::ChatChoice* const choice = answer->add_choices();
  choice->set_index(lane.choice);
  choice->mutable_message()->set_role("assistant");
  return choice->mutable_message();
}

v1::ContentBlock* NewBlock(v1::Message* message) { return message->add_content_blocks(); }

// Calls are told apart by their names and arguments alone, which need not stand together.
v1::FunctionCall* NewCall(v1::Message* message) { return message->add_tool_calls()->mutable_function(); }

std::string* PlaceOf(Kind kind, v1::Message* message) {
  switch (kind) {
    case Kind::kText: {
      v1::ContentPart* const part = message->mutable_content()->mutable_parts()->add_items();
      part->set_type("text");
      return part->mutable_text();
    }
    case Kind::kRefusal:
      return message->mutable_refusal();
    case Kind::kReasoningContent:
      return message->mutable_reasoning_content();
    case Kind::kReasoning:
      return message->mutable_reasoning();
    case Kind::kCallName:
      return NewCall(message)->mutable_name();
    case Kind::kCallArguments:
      return NewCall(message)->mutable_arguments();
    case Kind::kCustomName:
      return message->add_tool_calls()->mutable_custom()->mutable_name();
    case Kind::kCustomInput:
      return message->add_tool_calls()->mutable_custom()->mutable_input();
    case Kind::kFunctionName:
      return message->mutable_function_call()->mutable_name();
    case Kind::kFunctionArguments:
      return message->mutable_function_call()->mutable_arguments();
    case Kind::kTranscript:
      return message->mutable_audio()->mutable_transcript();
    case Kind::kBlockText:
      return NewBlock(message)->mutable_text();
    case Kind::kBlockThinking:
      return NewBlock(message)->mutable_thinking();
    case Kind::kBlockName:
      return NewBlock(message)->mutable_name();
    case Kind::kBlockInput:
      return NewBlock(message)->mutable_input();
  }
  return message->mutable_refusal();
}

}  // namespace

bool AddTexts(Message* event, std::vector<EventText>* texts) {
  Collector collector(texts);
  if (auto* const chat = dynamic_cast<v1::ChatCompletionChunk*>(event)) {
    collector.Chat(chat);
  } else if (auto* const completion = dynamic_cast<v1::Completion*>(event)) {
    collector.Completion(completion);
  } else if (auto* const step = dynamic_cast<anthropic::v1::StreamEvent*>(event)) {
    collector.Event(step);
  } else {
    return false;
  }
  return true;
}

std::string* PutText(const Lane& lane, const std::string& text, v1::ChatCompletion* answer) {
  std::string* const place = PlaceOf(lane.kind, MessageOf(lane, answer));
  *place = text;
  return place;
}

}  // namespace portolan::guardrails
