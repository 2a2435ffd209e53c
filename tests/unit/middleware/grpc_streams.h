#pragma once

// Streams of a gRPC middleware: what it says, and what comes of that.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/middleware/fake_middleware.h"

namespace portolan::middleware {

// A verdict on everything up to `sequence`; what it says is set by the test.
inline v1::ChunkVerdict On(uint64_t sequence) {
  v1::ChunkVerdict verdict;
  verdict.set_sequence(sequence);
  return verdict;
}
inline v1::ChunkVerdict HoldOn(uint64_t sequence) {
  v1::ChunkVerdict verdict = On(sequence);
  verdict.mutable_hold();
  return verdict;
}
inline v1::ChunkVerdict DoneAt(uint64_t sequence) {
  v1::ChunkVerdict verdict = On(sequence);
  verdict.mutable_done();
  return verdict;
}

class GrpcStreams : public GrpcTest {
 protected:
  // One stream of the gateway's, and all that came of it.
  struct Told {
    std::vector<ChunkNews> news;
    std::unique_ptr<ChunkStream> stream;
    bool within = false;  // a call of the stream

    void Open(Service& service, const CallInfo& call) {
      within = true;
      stream = service.Open(call, 200, [this] { Drain(); });
      within = false;
    }
    void Drain() {
      EXPECT_FALSE(within);
      while (std::optional<ChunkNews> next = stream->Take()) news.push_back(std::move(*next));
    }
    void Send(uint64_t sequence, std::string_view json) {
      within = true;
      stream->Send(sequence, {nullptr, json});
      within = false;
    }
    void End(uint64_t sequence) {
      within = true;
      stream->End(sequence, {}, {});
      within = false;
    }
    const std::string& failure() const { return news.back().outcome.failure; }
  };

  // Runs the loop until so many verdicts and failures have come, which is all that comes.
  void Await(Told& told, size_t count) {
    EXPECT_TRUE(net::RunUntil(loop, [&] { return told.news.size() >= count; }));
    ASSERT_EQ(told.news.size(), count);
  }

  // What comes of two chunks where the service, when it has been told of both, says this.
  std::vector<ChunkNews> Say(const std::vector<v1::ChunkVerdict>& verdicts, size_t count) {
    fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream& events) {
      v1::ChunkEvent event;
      EXPECT_TRUE(events.Read(&event) && event.has_start());
      EXPECT_TRUE(events.Read(&event) && events.Read(&event));
      for (const v1::ChunkVerdict& verdict : verdicts) events.Write(verdict);
      return UntilCancelled(context);
    };
    const Host host(fake);
    const auto service = New(host);
    Told told;
    told.Open(*service, a_call.call);
    told.Send(1, "{}");
    told.Send(2, "{}");
    Await(told, count);
    // After a failure there is nothing more.
    EXPECT_FALSE(told.stream->Take().has_value());
    told.stream.reset();
    return std::move(told.news);
  }
  // The failure that the last of these verdicts comes to.
  std::string FailureOf(const std::vector<v1::ChunkVerdict>& verdicts) {
    const std::vector<ChunkNews> news = Say(verdicts, verdicts.size());
    return news.empty() ? "" : news.back().outcome.failure;
  }

  FakeMiddleware fake;
};

}  // namespace portolan::middleware
