#include "server/telemetry/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/unit/telemetry/log_file.h"

namespace portolan::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string Line(size_t shard, int i) {
  return "{\"shard\":" + std::to_string(shard) + ",\"i\":" + std::to_string(i) + "}\n";
}

TEST(LogWriter, WritesEveryLineOfEveryShardInItsOrder) {
  constexpr size_t kShards = 3;
  constexpr int kLines = 20'000;
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(),
                      .shards = kShards,
                      .ring_bytes = 4096,
                      .batch_bytes = 1024,
                      .patience = test::kPatience});
    std::vector<std::thread> shards;
    for (size_t shard = 0; shard < kShards; ++shard) {
      shards.emplace_back([&writer, shard] {
        for (int i = 0; i < kLines; ++i) {
          while (!writer.ring(shard).Append(Line(shard, i))) std::this_thread::yield();
        }
      });
    }
    for (std::thread& shard : shards) shard.join();
  }
  int next[kShards] = {};
  for (const nlohmann::json& line : file.Lines()) {
    ASSERT_TRUE(line.is_object()) << "lines are torn";
    if (line.contains("msg")) continue;  // the notice about full rings: this test fills them
    EXPECT_EQ(line["i"], next[line["shard"].get<size_t>()]++);
  }
  for (const int n : next) EXPECT_EQ(n, kLines);
}

TEST(LogWriter, WritesByItselfWithinTheInterval) {
  LogFile file;
  LogWriter writer({.fd = file.fd(), .interval = milliseconds(5)});
  writer.ring(0).Append("{}\n");
  EXPECT_TRUE(test::Eventually([&] { return file.Text(); }, "{}\n"));
}

TEST(LogWriter, AFullBatchDoesNotWaitForTheInterval) {
  LogFile file;
  LogWriter writer({.fd = file.fd(), .batch_bytes = 6, .interval = std::chrono::hours(1)});
  writer.ring(0).Append("{}\n");
  writer.ring(0).Append("{}\n");
  EXPECT_TRUE(test::Eventually([&] { return file.Text(); }, "{}\n{}\n"));
}

TEST(LogWriter, FlushWaitsForWhatWasAppended) {
  LogFile file;
  LogWriter writer({.fd = file.fd(), .interval = std::chrono::hours(1), .patience = test::kPatience});
  writer.ring(0).Append("{\"a\":1}\n");
  ASSERT_TRUE(writer.Post("{\"b\":2}\n"));
  EXPECT_TRUE(writer.Flush());
  EXPECT_EQ(file.Text(), "{\"b\":2}\n{\"a\":1}\n");
}

// A pipe nobody reads, filled to the brim, so that the writer's next write stays stuck.
class FullPipe {
 public:
  FullPipe() {
    EXPECT_EQ(pipe(ends_), 0);
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string block(4096, ' ');
    while (write(ends_[1], block.data(), block.size()) > 0) {
    }
    while (write(ends_[1], " ", 1) > 0) {
    }
    fcntl(ends_[1], F_SETFL, 0);
  }
  ~FullPipe() {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }
  int fd() const { return ends_[1]; }
  std::string Drain() {
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = read(ends_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(n));
    text.erase(0, text.find_first_not_of(' '));
    return text;
  }
  void CloseReader() {
    close(ends_[0]);
    ends_[0] = -1;
  }
  // For as long as the process lives: a thread may still use it.
  void KeepWriterOpen() { ends_[1] = -1; }

 private:
  int ends_[2] = {-1, -1};
};

TEST(LogWriter, AStuckDescriptorCostsLinesButNeverWaits) {
  FullPipe pipe;
  LogWriter writer({.fd = pipe.fd(), .ring_bytes = 1024, .queue_bytes = 1024, .patience = milliseconds(50)});
  EXPECT_FALSE(writer.ring(0).Append(std::string(1025, 'x')));
  int kept = 0;
  for (int i = 0; i < 1000; ++i) kept += writer.ring(0).Append(Line(0, 0)) ? 1 : 0;
  EXPECT_GT(kept, 0);
  EXPECT_LE(kept, 2 * 1024 / 16);
  EXPECT_FALSE(writer.Flush());
  // At most the queue's size again is in the thread's hands.
  int posted = 0;
  for (int i = 0; i < 1000; ++i) posted += writer.Post(Line(9, 9)) ? 1 : 0;
  EXPECT_LE(posted, 2 * 1024 / 16);
  EXPECT_EQ(writer.dropped(), static_cast<uint64_t>(1 + 1000 - kept + 1000 - posted));

  // As soon as somebody reads, what was kept arrives, and the number of what was lost.
  std::string text = pipe.Drain();
  while (!writer.Flush()) text += pipe.Drain();
  text += pipe.Drain();
  EXPECT_NE(text.find("\"msg\":\"log lines dropped\""), std::string::npos) << text;
}

TEST(LogWriter, ItsDestructionDoesNotHangOnAStuckDescriptor) {
  FullPipe pipe;
  const auto start = steady_clock::now();
  {
    LogWriter writer({.fd = pipe.fd(), .patience = milliseconds(20)});
    writer.ring(0).Append(Line(0, 0));
  }
  EXPECT_LT(steady_clock::now() - start, test::kPatience);
  pipe.CloseReader();  // lets the thread that was left behind go on and end
  pipe.KeepWriterOpen();
}

TEST(LogWriter, AClosedPipeIsCountedAndKillsNobody) {
  FullPipe pipe;
  pipe.CloseReader();
  LogWriter writer({.fd = pipe.fd(), .patience = test::kPatience});
  writer.ring(0).Append(Line(0, 0));
  EXPECT_TRUE(writer.Flush());
  EXPECT_GE(writer.dropped(), 1u);
}

}  // namespace
}  // namespace portolan::telemetry
