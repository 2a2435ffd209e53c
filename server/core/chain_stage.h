#pragma once

// One middleware that a streamed answer passes. Without awaiting, so that a test can drive it step by step.
// Internal to core/.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/call_chain.h"
#include "server/http/sse.h"

namespace portolan::core {

// An event of the door for REST, or a chunk of the hub in wire format for gRPC.
struct StreamUnit {
  std::string bytes;
  bool says = false;  // it is a chunk, which middleware are told of; else it is an end marker or the like
};

// Whether an event is a chunk, as opposed to a comment, a blank line or an end marker.
bool SaysSomething(std::string_view event);
bool SaysSomething(const http::StreamEvent& event);

class StreamStage {
 public:
  explicit StreamStage(MiddlewareEntry& entry) : entry_(entry) {}
  virtual ~StreamStage() = default;

  // What comes from the stage before it.
  virtual void Push(StreamUnit unit) = 0;
  // Nothing follows. `broken`: by an error of this code.
  virtual void PushEnd(std::string_view error_code) = 0;
  // Moves what may go on to *out. An error ends the stream.
  virtual std::optional<Error> Advance(net::TimePoint now, std::vector<StreamUnit>* out) = 0;
  // The end has gone on.
  bool ended() const { return ended_; }
  // When Advance() has to be called, though there is no news.
  virtual net::TimePoint deadline() const { return net::kNever; }
  virtual size_t units() const = 0;
  virtual size_t bytes() const = 0;

  MiddlewareEntry& entry() const { return entry_; }

 protected:
  MiddlewareEntry& entry_;
  bool ended_ = false;
};

// One that is told each chunk.
class ChunkStage final : public StreamStage {
 public:
  // `beside`: it delays and changes nothing. `on_news`: see Service::Open.
  ChunkStage(CallChain& chain, MiddlewareEntry& entry, bool beside, int status,
             std::function<void()> on_news);
  ~ChunkStage() override;

  void Push(StreamUnit unit) override;
  void PushEnd(std::string_view error_code) override;
  std::optional<Error> Advance(net::TimePoint now, std::vector<StreamUnit>* out) override;
  net::TimePoint deadline() const override;
  size_t units() const override { return beside_ ? 0 : held_.size(); }
  size_t bytes() const override { return beside_ ? 0 : bytes_; }

 private:
  struct Held {
    StreamUnit unit;
    uint64_t sequence;  // 0: it was not told
  };

  void Tell(const StreamUnit& unit);
  std::optional<Error> Take(middleware::ChunkNews news, std::vector<StreamUnit>* out);
  std::string Replace(uint64_t sequence, middleware::Body body, std::vector<StreamUnit>* out);
  void Release(uint64_t sequence, std::vector<StreamUnit>* out);
  std::optional<Error> Fail(std::string_view why, std::vector<StreamUnit>* out);
  void LeaveAlone(std::string_view why);

  CallChain& chain_;
  const bool beside_;
  std::unique_ptr<middleware::ChunkStream> stream_;  // null: it is not asked any more
  std::string failure_;                              // that it could not be begun
  net::TimePoint begun_;
  std::deque<Held> held_;
  size_t bytes_ = 0;
  uint64_t told_ = 0;      // the last sequence
  uint64_t answered_ = 0;  // up to which it has spoken
  net::TimePoint waits_since_;
  std::optional<uint64_t> end_;  // the sequence of the end
  bool input_ended_ = false;
  std::vector<StreamUnit> passing_;  // of one that is not asked, or beside
};

// One that is asked about the whole answer.
class WholeStage final : public StreamStage {
 public:
  // `typed`: units are chunks in wire format.
  WholeStage(MiddlewareEntry& entry, bool typed) : StreamStage(entry), typed_(typed) {}

  void Push(StreamUnit unit) override;
  void PushEnd(std::string_view error_code) override;
  std::optional<Error> Advance(net::TimePoint now, std::vector<StreamUnit>* out) override;
  size_t units() const override { return 0; }
  size_t bytes() const override { return 0; }

  // It has all, and is to be asked.
  bool ready() const { return input_ended_ && !decided_ && !broken_; }
  bool too_large() const { return bytes_ > entry_.settings().max_body; }
  const std::vector<std::string>& held() const { return held_; }
  // What is left of it may go.
  void Decide(std::vector<std::string> units);
  void Decide() { decided_ = true; }

 private:
  const bool typed_;
  std::vector<std::string> held_;
  size_t bytes_ = 0;
  bool input_ended_ = false;
  bool broken_ = false;
  bool decided_ = false;
};

}  // namespace portolan::core
