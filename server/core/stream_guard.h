#pragma once

// Streamed answers of calls that have guardrails. Internal to core/.
//
// The guard stands between a stream's pipeline and its caller. It looks at what the caller would see, event
// by event, and lets an event go when all that its texts may still be part of has been looked at:
//
// If a check needs the whole answer, nothing leaves before its end. If checks forbid or replace matches of
// bounded length, as much is held back as a match may still grow by. If none denies or changes, nothing is
// held back, and the verdict comes last.

#include <google/protobuf/arena.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/call_hooks.h"
#include "server/core/stream_pipeline.h"
#include "server/guardrails/stream_texts.h"
#include "server/guardrails/window.h"
#include "server/http/sse.h"

namespace portolan::core {

// Whether a streamed answer of the attempt is to be looked at, or told something of.
bool GuardsStream(const CallState& call);

// For one stream; not thread-safe.
class StreamGuard {
 public:
  // REQUIRES: call.hooks is set, and outlives this.
  explicit StreamGuard(CallState& call);

  // Takes a batch of whole events, and leaves in it those that may leave now, as views that are valid until
  // the next batch. A denial becomes its error. An error of the stream's own lets out what has been looked at
  // so far and drops the rest.
  void Take(StreamBatch* batch);
  // The stream has come to its end, of which the batch says nothing: verdicts are to be asked for first.
  // Nothing may be taken until Settle() has put into *batch, which is empty, what leaves then, and how it
  // ends.
  bool needs_answers() const { return ending_.has_value(); }
  net::Task<void> Settle(StreamBatch* batch);
  // The batch ends with an error of the provider's own, which is passed on.
  void ExpectError() { error_passes_ = true; }
  // Something that the model has said has left, or the stream is over.
  bool has_let_go() const { return let_go_; }

 private:
  enum class Mode : uint8_t { kAfter, kWindow, kWhole };

  // The text of one lane.
  struct Track {
    guardrails::Lane lane;
    std::string text;                          // all that has come
    std::optional<guardrails::Window> window;  // under Mode::kWindow
    std::optional<std::string> changed;        // under Mode::kWhole, when it has been looked at
    bool placed = false;                       // what it was changed to has left
  };
  struct Part {
    size_t track;
    size_t begin;  // in the track's text
    size_t end;
  };
  struct Held {
    std::string bytes;  // of a whole event, or a chunk in wire format
    std::vector<Part> parts;
  };

  void ChooseMode();
  void AddPiece(std::string_view piece);
  void AddEvent(std::string_view raw, google::protobuf::Message* event, std::string_view data);
  google::protobuf::Message* Decode(std::string_view data);
  static void AddTextsOf(google::protobuf::Message* event, std::string* data,
                         std::vector<guardrails::EventText>* texts);
  size_t TrackOf(const guardrails::Lane& lane);
  bool HoldsTooMuch() const;

  // What is decided leaves, in order.
  void Release();
  bool IsDecided(const Held& held) const;
  void LetGoFirst();
  void LetGo(Held held);
  std::string TextNow(const Part& part);
  std::string Rewrite(const Held& held, const std::vector<std::string>& texts);
  void AddResults(HookPhase phase);

  // How the stream has ended.
  struct Ending {
    bool whole = false;          // it is complete
    std::optional<Error> error;  // its own
  };
  void FinishWindows();
  void LetGoBeforeVerdicts();
  // Judges the texts so far: by the checks that ask nobody, or by all.
  std::vector<guardrails::LaneText> Texts() const;
  std::optional<Error> JudgeNow();
  std::optional<Error> Judged(bool changed, const guardrails::StreamedAnswer& answer);
  bool HasDenied() const;
  // Nothing follows.
  void Conclude(bool whole);
  // What leaves now.
  void Put(std::optional<Error> error, StreamBatch* batch);

  CallState& call_;
  CallHooks& hooks_;
  const bool typed_;
  const bool tells_;  // the caller takes chunks with results
  const google::protobuf::Message* const prototype_;
  Mode mode_ = Mode::kAfter;
  std::vector<const guardrails::Check*> checks_;  // of those that hold a window
  std::vector<bool> denies_;                      // whether each of them ends the stream when it fails
  size_t hold_ = 0;

  http::SseReader reader_;
  std::vector<Track> tracks_;
  std::deque<Held> held_;  // what has not left
  size_t text_bytes_ = 0;
  size_t held_bytes_ = 0;
  bool let_go_ = false;
  bool begun_ = false;  // anything has left
  bool over_ = false;
  bool error_passes_ = false;
  net::TimePoint first_held_;
  std::optional<Ending> ending_;  // until the verdicts are there
  std::vector<std::string> out_;
  google::protobuf::Arena arena_;
};

// A pipeline whose batches the guard has looked at.
std::unique_ptr<StreamPipeline> NewGuardedStream(CallState& call, std::unique_ptr<StreamPipeline> inner);

}  // namespace portolan::core
