#include "server/net/socket.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

// Reads until something other than kOk; gives all the bytes and that code.
Task<IoCode> ReadAll(Socket& socket, std::string* into, size_t buffer_size) {
  std::string buffer(buffer_size, '\0');
  for (;;) {
    const IoResult got = co_await socket.Read(buffer, Soon());
    if (!got.ok()) co_return got.code;
    EXPECT_GT(got.bytes, 0u);
    into->append(buffer.data(), got.bytes);
  }
}

Task<void> ReadAllInto(Socket& socket, std::string* into, size_t buffer_size, IoCode* code) {
  *code = co_await ReadAll(socket, into, buffer_size);
}

TEST(Socket, ReadsEverythingAtAnyBufferSizeUpToTheEnd) {
  const std::string sent = Pattern(300'000);
  for (const size_t buffer_size : {1u, 7u, 4096u, 65536u, 1'000'000u}) {
    const size_t size = buffer_size == 1 ? 3000 : sent.size();
    Loop loop;
    Pair pair(loop);
    std::thread writer([&] {
      for (size_t at = 0; at < size; at += 1000)
        pair.Send(std::string_view(sent).substr(at, std::min<size_t>(1000, size - at)));
      shutdown(pair.peer, SHUT_WR);
    });
    std::string got;
    IoCode code = IoCode::kOk;
    RunTask(loop, ReadAllInto(*pair.socket, &got, buffer_size, &code));
    writer.join();
    EXPECT_EQ(code, IoCode::kEof);
    EXPECT_TRUE(got == sent.substr(0, size)) << buffer_size;
  }
}

Task<void> WritePieces(Socket& socket, const std::vector<std::string_view>& pieces, Wait wait,
                       IoResult* result) {
  *result = co_await socket.Write(pieces, wait);
}

std::string ReadToEnd(int fd, size_t chunk) {
  std::string all;
  std::string buffer(chunk, '\0');
  for (ssize_t count = 0; (count = read(fd, buffer.data(), chunk)) > 0;)
    all.append(buffer.data(), static_cast<size_t>(count));
  return all;
}

TEST(Socket, WritesTenMegabytesInManyPiecesToASlowReader) {
  const std::string bytes = Pattern(10 << 20);
  std::vector<std::string_view> pieces = {"", ""};
  for (size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 7 % 40'009 + 1) {
    pieces.push_back(std::string_view(bytes).substr(at, size));
    if (size % 5 == 0) pieces.emplace_back();
  }
  ASSERT_GT(pieces.size(), 300u);
  Loop loop;
  Pair pair(loop);
  std::string got;
  std::thread reader([&] { got = ReadToEnd(pair.peer, 9000); });
  IoResult result;
  RunTask(loop, WritePieces(*pair.socket, pieces, Soon(), &result));
  pair.socket->ShutdownWrite();
  reader.join();
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.bytes, bytes.size());
  EXPECT_TRUE(got == bytes);
}

TEST(Socket, AnEmptyWriteIsDoneAtOnce) {
  Loop loop;
  Pair pair(loop);
  IoResult result{.code = IoCode::kOther};
  RunTask(loop, WritePieces(*pair.socket, {"", ""}, Soon(), &result));
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.bytes, 0u);
}

Task<void> ReadOnce(Socket& socket, Wait wait, IoResult* result) {
  result->code = IoCode::kOther;
  const IoResult got = co_await socket.Read(socket.loop().scratch(), wait);
  *result = got;
}

TEST(Socket, AReadEndsAtItsDeadlineAndNotBefore) {
  Loop loop;
  Pair pair(loop);
  IoResult result;
  const TimePoint deadline = In(milliseconds(30));
  RunTask(loop, ReadOnce(*pair.socket, {.deadline = deadline}, &result));
  EXPECT_EQ(result.code, IoCode::kTimeout);
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_LT(Clock::now(), deadline + test::kPatience);
  RunTask(loop, ReadOnce(*pair.socket, {.deadline = deadline}, &result));
  EXPECT_EQ(result.code, IoCode::kTimeout) << "a deadline that has passed";
}

TEST(Socket, AReadEndsWhenItsScopeIsCancelledAndTheSocketStaysUsable) {
  Loop loop;
  Pair pair(loop);
  CancelScope scope;
  IoResult result;
  loop.Post([&scope] { scope.Cancel(CancelReason::kClientGone); });
  RunTask(loop, ReadOnce(*pair.socket, {.scope = &scope}, &result));
  EXPECT_EQ(result.code, IoCode::kCancelled);
  pair.Send("x");
  RunTask(loop, ReadOnce(*pair.socket, {.scope = &scope}, &result));
  EXPECT_EQ(result.code, IoCode::kCancelled) << "data do not revive a cancelled scope";
  RunTask(loop, ReadOnce(*pair.socket, Soon(), &result));
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.bytes, 1u);
}

TEST(Socket, AWriteToAPeerThatDoesNotReadEndsAtItsDeadlineWithTheBytesThatLeft) {
  Loop loop;
  Pair pair(loop);
  const std::string bytes = Pattern(32 << 20);
  IoResult result;
  RunTask(loop, WritePieces(*pair.socket, {bytes}, {.deadline = In(milliseconds(300))}, &result));
  EXPECT_EQ(result.code, IoCode::kTimeout);
  EXPECT_GT(result.bytes, 0u);
  EXPECT_LT(result.bytes, bytes.size());
  pair.socket->ShutdownWrite();
  EXPECT_EQ(ReadToEnd(pair.peer, 1 << 16).size(), result.bytes);
}

TEST(Socket, ResetIsToldToReaderAndWriter) {
  Loop loop;
  Pair pair(loop);
  pair.Send("unread");
  loop.Post([&pair] { pair.ResetPeer(); });
  const std::string bytes = Pattern(32 << 20);
  IoResult result;
  RunTask(loop, WritePieces(*pair.socket, {bytes}, Soon(), &result));
  EXPECT_EQ(result.code, IoCode::kReset);
  std::string got;
  IoCode code = IoCode::kOk;
  RunTask(loop, ReadAllInto(*pair.socket, &got, 100, &code));
  EXPECT_TRUE(code == IoCode::kReset || code == IoCode::kEof) << ToString(code);
  EXPECT_TRUE(pair.socket->peer_closed());
}

TEST(Socket, WritingAfterThePeerIsGoneIsAResetAndNoSignal) {
  Loop loop;
  Pair pair(loop);
  pair.ResetPeer();
  EXPECT_TRUE(RunUntil(loop, [&] { return pair.socket->peer_closed(); }));
  IoResult result;
  for (int i = 0; i < 3; ++i) RunTask(loop, WritePieces(*pair.socket, {"x"}, Soon(), &result));
  EXPECT_EQ(result.code, IoCode::kReset);
}

Task<void> SleepFor(Loop& loop, milliseconds delay) { co_await loop.SleepUntil(In(delay)); }

TEST(Socket, TheHandlerIsToldWhenThePeerClosesWhileNobodyReads) {
  for (const bool reset : {false, true}) {
    for (const std::string_view before : {"", "a pipelined request"}) {
      Loop loop;
      Pair pair(loop);
      int told = 0;
      pair.socket->SetPeerClosedHandler([&] { ++told; });
      if (!before.empty()) pair.Send(before);
      EXPECT_TRUE(RunUntil(loop, [&] { return pair.socket->IdleAndHealthy() == before.empty(); }));
      EXPECT_EQ(told, 0);
      EXPECT_FALSE(pair.socket->peer_closed());
      reset ? pair.ResetPeer() : pair.ClosePeer();
      EXPECT_TRUE(RunUntil(loop, [&] { return told > 0; }));
      EXPECT_EQ(told, 1);
      EXPECT_TRUE(pair.socket->peer_closed());
      EXPECT_FALSE(pair.socket->IdleAndHealthy());
      if (reset) continue;
      std::string got;
      IoCode code = IoCode::kOk;
      RunTask(loop, ReadAllInto(*pair.socket, &got, 5, &code));
      EXPECT_EQ(got, before) << "what came before the end can still be read";
      EXPECT_EQ(code, IoCode::kEof);
    }
  }
}

TEST(Socket, TheHandlerMayDestroyTheSocket) {
  Loop loop;
  Pair pair(loop);
  pair.socket->SetPeerClosedHandler([&] { pair.socket.reset(); });
  pair.ClosePeer();
  EXPECT_TRUE(RunUntil(loop, [&] { return pair.socket == nullptr; }));
}

TEST(Socket, TheHandlerIsNotToldWhatAReaderSees) {
  Loop loop;
  Pair pair(loop);
  int told = 0;
  pair.socket->SetPeerClosedHandler([&] { ++told; });
  pair.ClosePeer();
  std::string got;
  IoCode code = IoCode::kOk;
  RunTask(loop, ReadAllInto(*pair.socket, &got, 5, &code));
  RunTask(loop, SleepFor(loop, milliseconds(5)));
  EXPECT_EQ(code, IoCode::kEof);
  EXPECT_EQ(told, 0);
}

// The owner's frame holds the socket; reading ends in destroying it.
Task<void> OwnAndRead(std::unique_ptr<Socket> socket, int* reads) {
  for (;;) {
    const IoResult got = co_await socket->Read(socket->loop().scratch(), {});
    ++*reads;
    if (!got.ok()) co_return;
  }
}

Task<void> WriteForever(Socket& socket, CancelScope* scope, const std::string& bytes, IoCode* code) {
  const std::string_view pieces[] = {bytes};
  const IoResult result = co_await socket.Write(pieces, {.scope = scope});
  *code = result.code;
}

TEST(Socket, ASuspendedTaskMayBeDestroyedWithItsSocket) {
  Loop loop;
  int reads = 0;
  Pair one(loop), two(loop);
  loop.Spawn(OwnAndRead(std::move(one.socket), &reads));
  loop.Spawn(OwnAndRead(std::move(two.socket), &reads));
  RunTask(loop, SleepFor(loop, milliseconds(5)));  // the end of Run() destroys both
  EXPECT_EQ(reads, 0);
  one.ClosePeer();
  RunTask(loop, SleepFor(loop, milliseconds(5)));
}

TEST(Socket, OneEventMayEndReaderWriterAndTheSocketItself) {
  Loop loop;
  Pair pair(loop);
  Socket& socket = *pair.socket;
  int reads = 0;
  IoCode code = IoCode::kOk;
  CancelScope scope;
  const std::string bytes = Pattern(32 << 20);
  loop.Spawn(WriteForever(socket, &scope, bytes, &code));
  loop.Spawn(OwnAndRead(std::move(pair.socket), &reads));
  scope.Cancel(CancelReason::kAbandoned);
  pair.ResetPeer();
  EXPECT_TRUE(RunUntil(loop, [&] { return reads == 1 && code == IoCode::kCancelled; }));
}

Task<void> ReadBytes(Socket& socket, int count) {
  char byte = 0;
  for (int i = 0; i < count; ++i) {
    const IoResult got = co_await socket.Read({&byte, 1}, Soon());
    EXPECT_TRUE(got.ok());
  }
}

TEST(Socket, AnAlwaysReadySocketLeavesTurnsToOthers) {
  Loop loop;
  Pair pair(loop);
  pair.Send(std::string(10'000, 'x'));
  const uint64_t before = loop.turn();
  RunTask(loop, ReadBytes(*pair.socket, 10'000));
  EXPECT_GE(loop.turn() - before, 100u);
}

TEST(Socket, ConnectsRefusedAndTimedOut) {
  Loop loop;
  const RawListener listener;
  const SocketAddress& address = listener.address;
  struct Outcome {
    std::unique_ptr<Socket> socket;
    IoResult result;
  };
  auto connect = [](Loop& on, const SocketAddress& to, Wait wait, Outcome* out) -> Task<void> {
    out->result = co_await Socket::Connect(on, to, wait, &out->socket);
  };
  Outcome good;
  RunTask(loop, connect(loop, address, Soon(), &good));
  ASSERT_TRUE(good.result.ok());
  EXPECT_EQ(good.socket->peer_address().ToString(), address.ToString());
  EXPECT_TRUE(good.socket->local_address().is_loopback());
  const int peer = listener.Accept();
  ASSERT_EQ(write(peer, "hi", 2), 2);
  IoResult read;
  RunTask(loop, ReadOnce(*good.socket, Soon(), &read));
  EXPECT_EQ(read.bytes, 2u);
  close(peer);

  const RawListener deaf(true);
  Outcome refused;
  RunTask(loop, connect(loop, deaf.address, Soon(), &refused));
  EXPECT_EQ(refused.result.code, IoCode::kRefused);
  EXPECT_EQ(refused.socket, nullptr);

  // A listener whose queue is full answers nothing.
  RawListener full;
  ASSERT_EQ(listen(full.fd, 0), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 3; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    (void)::connect(fillers.back(), reinterpret_cast<sockaddr*>(&full.address.storage), full.address.length);
  }
  Outcome late;
  RunTask(loop, connect(loop, full.address, {.deadline = In(milliseconds(30))}, &late));
  EXPECT_EQ(late.result.code, IoCode::kTimeout);
  EXPECT_EQ(late.socket, nullptr);
  for (const int fd : fillers) close(fd);
}

TEST(Socket, TryReadTakesWhatIsThere) {
  Loop loop;
  Pair pair(loop);
  char buffer[16];
  EXPECT_TRUE(pair.socket->TryRead(buffer).ok());
  EXPECT_EQ(pair.socket->TryRead(buffer).bytes, 0u);
  pair.Send("abc");
  IoResult read;
  EXPECT_TRUE(RunUntil(loop, [&] { return (read = pair.socket->TryRead(buffer)).bytes > 0; }));
  EXPECT_EQ(read.bytes, 3u);
  pair.ClosePeer();
  EXPECT_TRUE(RunUntil(loop, [&] { return !(read = pair.socket->TryRead(buffer)).ok(); }));
  EXPECT_EQ(read.code, IoCode::kEof);
}

TEST(Socket, ResetOnCloseResets) {
  Loop loop;
  Pair pair(loop);
  pair.socket->ResetOnClose();
  pair.socket.reset();
  char byte = 0;
  EXPECT_EQ(read(pair.peer, &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(SocketAddress, ParsesAndPrints) {
  SocketAddress address;
  ASSERT_TRUE(SocketAddress::Parse("10.1.2.3", 80, &address));
  EXPECT_EQ(address.ToString(), "10.1.2.3:80");
  EXPECT_FALSE(address.is_loopback());
  ASSERT_TRUE(SocketAddress::Parse("::1", 443, &address));
  EXPECT_EQ(address.ToString(), "[::1]:443");
  EXPECT_TRUE(address.is_loopback());
  ASSERT_TRUE(SocketAddress::Parse("127.8.8.8", 1, &address));
  EXPECT_TRUE(address.is_loopback());
  ASSERT_TRUE(SocketAddress::Parse("::ffff:127.0.0.1", 1, &address));
  EXPECT_TRUE(address.is_loopback());
  for (const std::string_view bad : {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "0x7f.1", " 1.2.3.4"}) {
    EXPECT_FALSE(SocketAddress::Parse(bad, 1, &address)) << bad;
  }
  EXPECT_FALSE(SocketAddress::Parse(std::string_view("1.2.3.4\0x", 9), 1, &address));
}

}  // namespace
}  // namespace portolan::net
