// Two thousand streams at a time, whose callers read on, dawdle, leave at any moment, or run out of time. For
// five seconds, or as many as PORTOLAN_SOAK_SECONDS says, up to ten minutes.

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/support/eventually.h"
#include "tests/unit/rpc/fake_gateway.h"

namespace portolan::rpc {
namespace {

using namespace std::chrono_literals;

constexpr int kStreams = 2000;
constexpr int kMore = 200;  // at least so many follow those that begin at once
constexpr int kChannels = 8;

class Caller {
 public:
  enum class Kind { kReads, kLeavesAtOnce, kLeaves, kDawdlesAndLeaves, kRunsOutOfTime };

  // Starts a stream; every event of it comes out of `queue` with this as tag.
  Caller(v1::ChatService::Stub& stub, grpc::CompletionQueue& queue, std::mt19937& random)
      : queue_(queue), random_(random), kind_(static_cast<Kind>(Pick(0, 4))), reads_left_(Pick(1, 40)) {
    if (kind_ == Kind::kRunsOutOfTime)
      context_.set_deadline(std::chrono::system_clock::now() + Delay(1, 300));
    reader_ = stub.AsyncStreamChatCompletion(&context_, Ask(PickModel()), &queue_, this);
    if (kind_ == Kind::kLeavesAtOnce) context_.TryCancel();
  }

  // Goes on after an event. True when the stream is over.
  bool Next(bool ok) {
    switch (step_) {
      case Step::kStart:
      case Step::kPause:
        step_ = Step::kRead;
        reader_->Read(&chunk_, this);
        return false;
      case Step::kRead:
        if (!ok) {
          step_ = Step::kFinish;
          reader_->Finish(&status_, this);
        } else {
          AfterRead();
        }
        return false;
      case Step::kFinish:
        Check();
        return true;
    }
    return true;
  }

 private:
  enum class Step { kStart, kRead, kPause, kFinish };

  int Pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  std::chrono::milliseconds Delay(int low, int high) { return std::chrono::milliseconds(Pick(low, high)); }

  const char* PickModel() {
    if (kind_ == Kind::kReads) return "stream";
    constexpr const char* kModels[] = {"stream", "drip", "drip", "drip", "drip", "wait", "flood"};
    // Who waits for a chunk that never comes does not get to leave.
    const bool by_itself = kind_ == Kind::kLeavesAtOnce || kind_ == Kind::kRunsOutOfTime;
    const char* model = kModels[Pick(0, 6)];
    return !by_itself && model == kModels[5] ? "drip" : model;
  }

  void AfterRead() {
    ++reads_;
    const bool leaves = kind_ == Kind::kLeaves || kind_ == Kind::kDawdlesAndLeaves;
    if (leaves && --reads_left_ == 0) context_.TryCancel();
    if (kind_ == Kind::kDawdlesAndLeaves) {
      step_ = Step::kPause;
      alarm_.Set(&queue_, std::chrono::system_clock::now() + Delay(1, 50), this);
    } else {
      reader_->Read(&chunk_, this);
    }
  }

  void Check() const {
    switch (kind_) {
      case Kind::kReads:
        EXPECT_TRUE(status_.ok()) << status_.error_message();
        EXPECT_EQ(reads_, 12);
        break;
      case Kind::kRunsOutOfTime:
        EXPECT_TRUE(status_.ok() || status_.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
            << status_.error_code() << status_.error_message();
        break;
      default:
        EXPECT_TRUE(status_.ok() || status_.error_code() == grpc::StatusCode::CANCELLED)
            << status_.error_code() << status_.error_message();
    }
  }

  grpc::CompletionQueue& queue_;
  std::mt19937& random_;
  const Kind kind_;
  int reads_left_;
  int reads_ = 0;
  Step step_ = Step::kStart;
  grpc::ClientContext context_;
  grpc::Alarm alarm_;
  std::unique_ptr<grpc::ClientAsyncReader<v1::ChatCompletionChunk>> reader_;
  v1::ChatCompletionChunk chunk_;
  grpc::Status status_;
};

long ResidentMegabytes() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident * 4096 >> 20;
}

TEST(RpcSoak, StreamsEndHoweverTheirCallersBehave) {
  const char* seconds = std::getenv("PORTOLAN_SOAK_SECONDS");
  const auto length = std::chrono::seconds(seconds == nullptr ? 5 : std::min(std::atoi(seconds), 600));
  FakeGateway gateway;
  gateway.script.batch = 4;
  std::vector<std::unique_ptr<v1::ChatService::Stub>> stubs;
  for (int i = 0; i < kChannels; ++i) stubs.push_back(gateway.NewStub());
  std::mt19937 random(20261122);
  grpc::CompletionQueue queue;
  int started = 0;
  const auto start = [&] { new Caller(*stubs[static_cast<size_t>(started++ % kChannels)], queue, random); };
  const auto begin = net::Clock::now();
  long early_megabytes = 0;
  int active = kStreams;
  for (int i = 0; i < kStreams; ++i) start();
  while (active > 0) {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    auto* caller = static_cast<Caller*>(tag);
    if (!caller->Next(ok)) continue;
    delete caller;
    const auto passed = net::Clock::now() - begin;
    if (early_megabytes == 0 && passed > length / 2) early_megabytes = ResidentMegabytes();
    // On a machine that is slow and busy none may have ended by then.
    if (passed < length || started < kStreams + kMore) {
      start();
    } else {
      --active;
    }
  }
  const long late_megabytes = ResidentMegabytes();
  EXPECT_TRUE(test::Eventually([&] { return gateway.server->active_calls(); }, 0));
  EXPECT_GT(started, kStreams);
  // AddressSanitizer keeps what is freed for a while.
#if !PORTOLAN_SANITIZED
  EXPECT_LT(late_megabytes - early_megabytes, 150);
#endif
  std::printf("%d streams, %ld MB at half time, %ld MB at the end\n", started, early_megabytes,
              late_megabytes);
}

}  // namespace
}  // namespace portolan::rpc
