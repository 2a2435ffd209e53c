#pragma once

// Says a streamed answer of the hub in Anthropic's events:
//
//   message_start                   with the first chunk that has a choice
//   content_block_start/delta/stop  one block at a time, numbered 0, 1, 2 …
//   message_delta, message_stop     when the answer is complete: usage comes after the finish reason
//
// Providers may write several calls at once. A block that begins while another is open waits until that is
// complete: a text as soon as something else follows, a call as soon as its arguments are a whole JSON
// object. Where chunks carry `content_blocks`, these are said and the rest, which follows from them, is not.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/anthropic/tool_names.h"
#include "providers/dialects/common/json.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

// Finds the end of the one JSON object that a text begins with, piece by piece.
class ObjectEnd {
 public:
  void Push(std::string_view text);
  // Whether the first character that is no white space was not a brace.
  bool is_other() const { return is_other_; }
  bool begun() const { return begun_; }
  bool complete() const { return begun_ && !is_other_ && depth_ == 0; }

 private:
  int depth_ = 0;
  bool begun_ = false;
  bool is_other_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
};

class EventWriter final : public EventsToWire {
 public:
  explicit EventWriter(const CallFacts& facts);

  void OnChunk(const Message& chunk, EventSink& out) override;
  void OnEnd(EventSink& out) override;

 private:
  enum class Kind : uint8_t { kText, kThinking, kCall, kGiven };
  // A block that is being said, or waits for its turn.
  struct Block {
    Kind kind = Kind::kText;
    int32_t key = 0;                     // of a call, or a given block: its index in the chunks
    std::string id;                      // of a call, as the provider gave it
    ::portolan::v1::ContentBlock start;  // until it is said
    std::vector<::anthropic::v1::EventDelta> waiting;
    std::string held;  // arguments that are no object so far
    ObjectEnd end;     // of a call's arguments
    bool stopped = false;
    bool said_start = false;
  };

  void Start(const ::portolan::v1::ChatCompletionChunk& chunk, EventSink& out);
  void OnDelta(const ::portolan::v1::MessageDelta& delta, EventSink& out);
  void OnText(Kind kind, std::string_view text, EventSink& out);
  void OnOtherContent(const Extras& extras, EventSink& out);
  void OnCall(int32_t index, const std::string& id, const std::string& name, std::string_view arguments,
              EventSink& out);
  void OnGiven(const ::portolan::v1::ContentBlockDelta& step, EventSink& out);
  // Takes what a block that was given whole begins with out of its beginning: callers who read pieces look
  // for text and thinking there, and Anthropic's own streams begin both empty.
  void SayInPieces(Block& block, EventSink& out);
  // The block with this key that has not been said in full; null if there is none.
  Block* Find(Kind kind, int32_t key);
  Block& Begin(Kind kind, int32_t key, EventSink& out);
  // Adds a piece to a block: says it at once if the block is open, else when it is opened.
  void Add(Block& block, ::anthropic::v1::EventDelta piece, EventSink& out);
  void AddArguments(Block& block, std::string_view arguments, EventSink& out);
  // Says what can be said: closes the open block if it is complete and another waits, and opens that.
  void Advance(EventSink& out);
  void SayStart(Block& block, EventSink& out);
  void SayDelta(::anthropic::v1::EventDelta piece, EventSink& out);
  void SayStop(Block& block, EventSink& out);
  void CloseAll(EventSink& out);
  ::anthropic::v1::StreamEvent* NewEvent(std::string_view name, EventSink& out);

  const std::string asked_model_;
  const ToolNames names_;
  std::deque<Block> blocks_;  // the first is the open one
  size_t waiting_bytes_ = 0;
  int32_t index_ = 0;  // of the open block
  int32_t begun_ = 0;  // calls, for those that come without an id
  bool started_ = false;
  bool given_ = false;  // the chunks carry blocks
  bool has_calls_ = false;
  std::string id_;
  std::string finish_reason_;
  std::string native_reason_;
  std::string stop_sequence_;
  bool has_stop_sequence_ = false;
  std::string refusal_;
  std::string container_ = "null";  // JSON
  ::portolan::v1::Usage usage_;
};

}  // namespace portolan::providers::anthropic
