// A socket that is read by the clock while pieces come fast, and by events while they do not.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>

#include "server/net/socket.h"
#include "tests/unit/net/net_testing.h"
#include "tests/unit/net/tls_fixture.h"

namespace portolan::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// What a socket's events wait for: 1 unless it is polled.
int LowWater(const Socket& socket) {
  int bytes = 0;
  socklen_t length = sizeof(bytes);
  EXPECT_EQ(getsockopt(socket.fd(), SOL_SOCKET, SO_RCVLOWAT, &bytes, &length), 0);
  return bytes;
}

struct Got {
  std::string bytes;
  int reads = 0;
  IoCode code = IoCode::kOk;
};

Task<void> ReadOnce(Socket& socket, Wait wait, Got* got) {
  const IoResult result = co_await socket.Read(socket.loop().scratch(), wait);
  got->code = result.code;
  got->bytes.append(socket.loop().scratch().data(), result.bytes);
  ++got->reads;
}

// Until it has `size` bytes, or something other than kOk.
Task<void> ReadBytes(Socket& socket, size_t size, Got* got) {
  while (got->code == IoCode::kOk && got->bytes.size() < size) co_await ReadOnce(socket, Soon(), got);
}

// Two pieces in quick succession make a socket polled; on a busy machine they may come too slowly.
void MakePolled(Loop& loop, Pair& pair) {
  pair.socket->AllowPolling(true);
  for (int i = 0; i < 1000 && LowWater(*pair.socket) == 1; ++i) {
    Got got;
    pair.Send("a");
    RunTask(loop, ReadOnce(*pair.socket, Soon(), &got));
    pair.Send("b");
    RunTask(loop, ReadOnce(*pair.socket, Soon(), &got));
    ASSERT_EQ(got.bytes, "ab");
  }
  ASSERT_GT(LowWater(*pair.socket), 1);
}

// Sends `count` numbered lines, far closer to each other than the interval.
template <typename Send>
std::string SendBurst(int count, const Send& send) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    const std::string line = std::to_string(i) + "\n";
    all += line;
    send(line);
    std::this_thread::sleep_for(kPollInterval / 10);
  }
  return all;
}

// Between a read and the next but one lies an interval at least.
int MostReads(TimePoint start) { return static_cast<int>(2 * (Clock::now() - start) / kPollInterval) + 2; }

constexpr int kPieces = 400;

// Returns what was sent.
std::string ReadBurst(Loop& loop, Got* got, int* most) {
  Pair pair(loop);
  pair.socket->AllowPolling(true);
  const TimePoint start = Clock::now();
  std::string sent;
  std::thread sender([&] {
    sent = SendBurst(kPieces, [&](const std::string& line) { pair.Send(line); });
    shutdown(pair.peer, SHUT_WR);
  });
  RunTask(loop, ReadBytes(*pair.socket, std::string::npos, got));
  *most = MostReads(start);
  sender.join();
  return sent;
}

TEST(Polling, PiecesOfABurstAreReadTogetherAndInOrder) {
  Loop loop;
  Got got;
  int most = 0;
  const std::string sent = ReadBurst(loop, &got, &most);
  EXPECT_EQ(got.code, IoCode::kEof);
  EXPECT_EQ(got.bytes, sent);
  EXPECT_LE(got.reads, most);
}

TEST(Polling, WithoutItEachPieceIsReadAsItComes) {
  Loop loop;
  Pair pair(loop);
  for (int i = 0; i < 50; ++i) {
    Got got;
    pair.Send("x");
    RunTask(loop, ReadOnce(*pair.socket, Soon(), &got));
    ASSERT_EQ(got.bytes, "x");
    ASSERT_EQ(LowWater(*pair.socket), 1);
  }
}

TEST(Polling, PiecesFarApartAreReadByEvents) {
  Loop loop;
  Pair pair(loop);
  pair.socket->AllowPolling(true);
  for (int i = 0; i < 20; ++i) {
    Got got;
    pair.Send("x");
    RunTask(loop, ReadOnce(*pair.socket, Soon(), &got));
    ASSERT_EQ(LowWater(*pair.socket), 1);
    std::this_thread::sleep_for(2 * kPollInterval);
  }
}

TEST(Polling, EndsWhenNothingComesAndALaterPieceIsRead) {
  Loop loop;
  Pair pair(loop);
  MakePolled(loop, pair);
  Got got;
  loop.Spawn(ReadOnce(*pair.socket, Soon(), &got));
  const TimePoint limit = In(std::chrono::seconds(10));
  while (LowWater(*pair.socket) != 1 && Clock::now() < limit) {
    RunTask(loop, [](Loop& on) -> Task<void> { co_await on.SleepUntil(In(milliseconds(10))); }(loop));
  }
  EXPECT_EQ(LowWater(*pair.socket), 1);
  EXPECT_EQ(got.reads, 0);
}

TEST(Polling, ALaterPieceIsReadWhereverItFindsTheSocket) {
  Loop loop;
  Pair pair(loop);
  for (const auto pause :
       {microseconds(0), microseconds(300), kPollInterval, 2 * kPollInterval, 10 * kPollInterval}) {
    MakePolled(loop, pair);
    std::thread sender([&] {
      std::this_thread::sleep_for(pause);
      pair.Send("later");
    });
    Got got;
    RunTask(loop, ReadBytes(*pair.socket, 5, &got));
    sender.join();
    EXPECT_EQ(got.bytes, "later") << pause.count();
  }
}

TEST(Polling, TheEndOfTheStreamEndsARead) {
  for (const bool reset : {false, true}) {
    Loop loop;
    Pair pair(loop);
    MakePolled(loop, pair);
    std::thread closer([&] {
      std::this_thread::sleep_for(3 * kPollInterval);
      if (reset) return pair.ResetPeer();
      pair.Send("last");
      pair.ClosePeer();
    });
    Got got;
    RunTask(loop, ReadBytes(*pair.socket, std::string::npos, &got));
    closer.join();
    EXPECT_EQ(got.bytes, reset ? "" : "last");
    EXPECT_EQ(got.code, reset ? IoCode::kReset : IoCode::kEof);
  }
}

Task<void> CountBytes(Socket& socket, size_t size) {
  for (size_t left = size; left > 0;) {
    const IoResult result = co_await socket.Read(socket.loop().scratch(), Soon());
    if (!result.ok()) co_return ADD_FAILURE() << ToString(result.code);
    left -= result.bytes;
  }
}

TEST(Polling, LimitsNoRate) {
  // 16 KiB an interval would take two seconds.
  const std::string piece(1 << 20, 'x');
  constexpr int kTimes = 64;
  EXPECT_TRUE(test::BestWithin(milliseconds(1750), [&] {
    Loop loop;
    Pair pair(loop);
    MakePolled(loop, pair);
    std::thread sender([&] {
      for (int i = 0; i < kTimes; ++i) pair.Send(piece);
    });
    const TimePoint start = Clock::now();
    RunTask(loop, CountBytes(*pair.socket, kTimes * piece.size()));
    const Duration took = Clock::now() - start;
    sender.join();
    return took;
  }));
}

TEST(Polling, AReadThatEndsEarlyLosesNothing) {
  Loop loop;
  Pair pair(loop);
  for (int i = 0; i < 20; ++i) {
    MakePolled(loop, pair);
    Got got;
    RunTask(loop, ReadOnce(*pair.socket, {.deadline = Clock::now() + microseconds(50 * i)}, &got));
    ASSERT_EQ(got.code, IoCode::kTimeout);
    pair.Send("kept");
    std::this_thread::sleep_for(microseconds(100 * i));
    got = {};
    RunTask(loop, ReadBytes(*pair.socket, 4, &got));
    ASSERT_EQ(got.bytes, "kept");
  }
}

TEST(Polling, IsOffAtOnceWhenForbidden) {
  Loop loop;
  Pair pair(loop);
  MakePolled(loop, pair);
  pair.socket->AllowPolling(false);
  EXPECT_EQ(LowWater(*pair.socket), 1);
  EXPECT_TRUE(pair.socket->IdleAndHealthy());
  Got got;
  pair.Send("x");
  RunTask(loop, ReadOnce(*pair.socket, Soon(), &got));
  EXPECT_EQ(got.bytes, "x");
}

using PollingTls = Tls;

TEST_F(PollingTls, PiecesOfABurstAreReadTogetherAndInOrder) {
  Loop loop;
  Pair pair(loop);
  std::string sent;
  const auto context = PeerContext(TLS_server_method(), good_, nullptr);
  Peer peer(context.get(), pair.peer, [&](SSL* ssl) {
    ASSERT_EQ(SSL_accept(ssl), 1);
    sent = SendBurst(kPieces, [&](const std::string& line) {
      EXPECT_EQ(SSL_write(ssl, line.data(), static_cast<int>(line.size())), static_cast<int>(line.size()));
    });
    SSL_shutdown(ssl);
  });
  Got got;
  int most = 0;
  RunTask(loop, [](Socket& socket, TlsContext& client, Got* out, int* limit) -> Task<void> {
    const IoResult shaken = co_await socket.HandshakeClient(client, "localhost", Soon());
    EXPECT_TRUE(shaken.ok());
    socket.AllowPolling(true);
    const TimePoint start = Clock::now();
    co_await ReadBytes(socket, std::string::npos, out);
    *limit = MostReads(start);
  }(*pair.socket, *client_, &got, &most));
  peer.Join();
  EXPECT_EQ(got.code, IoCode::kEof);
  EXPECT_EQ(got.bytes, sent);
  EXPECT_LE(got.reads, most);
}

// Makes the system call fail on this thread as it does on kernels and in sandboxes that do not know it.
void Forbid(int call) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = filter};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

TEST(Polling, WorksWhereTheKernelWaitsForMillisecondsOnly) {
  std::thread([] {
    Forbid(SYS_epoll_pwait2);
    Loop loop;
    Got got;
    int most = 0;
    const std::string sent = ReadBurst(loop, &got, &most);
    EXPECT_EQ(got.bytes, sent);
    EXPECT_LE(got.reads, most);
  }).join();
}

}  // namespace
}  // namespace portolan::net
