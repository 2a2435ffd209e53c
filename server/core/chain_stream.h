#pragma once

// A streamed answer on its way through middleware. Internal to core/.
//
//   Write ─► stage ─► stage ─► … ─► what leaves ─► the front's sink
//
// A stage is one middleware, the innermost first. One that wants chunks is told each of them and lets go what
// it has spoken of; one that only wants whole answers holds everything until it has been asked about it. A
// single task (Run) moves things on whenever there is news, and is the only one that writes to the sink. So
// verdicts may come at any time, while the provider says nothing; and a slow middleware or caller makes
// Write wait, which is the back-pressure.

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/call_chain.h"
#include "server/core/chain_stage.h"
#include "server/http/sse.h"
#include "server/net/suspension.h"

namespace portolan::core {

// For one stream, on the shard's thread.
class ChainStream : public std::enable_shared_from_this<ChainStream> {
 public:
  // How much may be under way before Write waits.
  static constexpr size_t kMaxUnits = 64;
  static constexpr size_t kMaxBytes = 256 << 10;

  // `head` leaves with the first of the stream. The chain must outlive this, or Close() be awaited before it
  // goes.
  ChainStream(CallChain& chain, ReplyHead head);
  ~ChainStream();

  // Begins the stream's task, which keeps it.
  void Run();

  // Takes whole events, or chunks in wire format. False: the stream is over, or the caller gone.
  net::Task<Delivered> Write(std::span<const std::string_view> pieces);
  net::Task<Delivered> End(const Error* error);
  // Leaves everything and waits until the task has ended.
  net::Task<void> Close();

 private:
  // Asks those that are not known yet what they want.
  net::Task<void> Learn();
  void BuildStages();
  void Take(std::string_view piece);
  void AddComment(std::string_view comment);
  // Moves on all that can be moved on.
  void Advance();
  // The one that has to be asked now; nullptr: there is none.
  WholeStage* Ready() const;
  bool IsFull() const;
  net::TimePoint NextDeadline() const;
  void Wake();
  void WakeWriters();

  static net::Task<void> RunTask(std::shared_ptr<ChainStream> stream);
  net::Task<void> Move();
  net::Task<void> Wait();
  net::Task<void> Leave();
  net::Task<void> Start();
  net::Task<void> ShowHeld();
  net::Task<void> AskHeld(WholeStage& stage);
  net::Task<void> Finish();
  net::Task<void> Fail(Error error);
  void AskBeside();

  CallChain& chain_;
  const bool typed_;
  ReplyHead head_;
  const int status_;
  http::SseReader reader_;
  std::vector<StreamUnit> in_;                        // what has come, for the first stage
  std::vector<std::unique_ptr<StreamStage>> stages_;  // in the order in which an answer passes them
  std::vector<StreamUnit> out_;                       // to leave
  std::vector<MiddlewareEntry*> beside_;              // to be asked about the whole of it, beside the call
  std::vector<std::string> left_;                     // for them
  size_t left_bytes_ = 0;

  std::optional<Error> broken_;  // the provider's stream has ended so
  std::optional<Error> failed_;  // what a stage has come to
  size_t ends_told_ = 0;         // to so many stages
  bool input_ended_ = false;
  bool closed_ = false;
  bool over_ = false;         // nothing more leaves; the task has ended, or will at once
  bool delivered_ = true;     // the caller is there
  bool started_ = false;      // the head has left
  net::TimePoint hold_ends_;  // when the caller is to be shown something
  net::Waiter* task_waits_ = nullptr;
  std::vector<net::Waiter*> writers_;  // in Write, End and Close
};

}  // namespace portolan::core
