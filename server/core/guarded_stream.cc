// Streams that a guard stands behind.

#include <memory>
#include <utility>

#include "server/core/stream_guard.h"

namespace portolan::core {
namespace {

class GuardedStream final : public StreamPipeline {
 public:
  GuardedStream(CallState& call, std::unique_ptr<StreamPipeline> inner)
      : inner_(std::move(inner)), guard_(call) {}

  void Feed(std::string_view bytes, StreamBatch* batch) override {
    inner_->Feed(bytes, batch);
    Guard(batch);
  }
  void End(StreamBatch* batch) override {
    inner_->End(batch);
    Guard(batch);
  }
  TokenUsage usage() const override { return inner_->usage(); }
  net::Task<void> Settle(StreamBatch* batch) override {
    co_await guard_.Settle(batch);
    Tell();
  }

 private:
  void Guard(StreamBatch* batch) {
    if (inner_->facts.passed_error) guard_.ExpectError();
    guard_.Take(batch);
    Tell();
  }
  void Tell() {
    facts = inner_->facts;
    facts.needs_answers = guard_.needs_answers();
    facts.begun = facts.content_seen;
    facts.content_seen = facts.content_seen && guard_.has_let_go();
  }

  const std::unique_ptr<StreamPipeline> inner_;
  StreamGuard guard_;
};

}  // namespace

std::unique_ptr<StreamPipeline> NewGuardedStream(CallState& call, std::unique_ptr<StreamPipeline> inner) {
  return std::make_unique<GuardedStream>(call, std::move(inner));
}

}  // namespace portolan::core
