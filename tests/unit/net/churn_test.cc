// Many connections at once whose ends cut, cancel, stall and time out at random: what is echoed is what was
// sent, every wait ends, and nothing stays behind.

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "server/net/address.h"
#include "server/net/listener.h"
#include "server/net/socket.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;

constexpr int kClients = 60;
constexpr int kRounds = 15;

struct Churn {
  std::mt19937 random{42};
  int finished = 0;
  int complete = 0;
  int broken = 0;
  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>(random() % below); }
};

std::string Text(uint32_t seed, size_t size) {
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}

Task<void> Echo(Churn& churn, std::unique_ptr<Socket> socket) {
  Loop& loop = socket->loop();
  for (;;) {
    const IoResult got = co_await socket->Read(loop.scratch(), {.deadline = loop.now() + milliseconds(200)});
    if (!got.ok()) co_return;
    const std::string copy(loop.scratch().data(), got.bytes);
    const size_t half = copy.size() / 2;
    const std::string_view pieces[] = {std::string_view(copy).substr(0, half),
                                       std::string_view(copy).substr(half)};
    const IoResult put = co_await socket->Write(pieces, {.deadline = loop.now() + milliseconds(200)});
    if (!put.ok()) co_return;
    if (churn.Pick(200) == 0) socket->ResetOnClose();
    if (churn.Pick(100) == 0) co_return;
  }
}

Task<void> Send(Socket& socket, const std::string& text, Wait wait, bool* done) {
  const std::string_view pieces[] = {text};
  const IoResult put = co_await socket.Write(pieces, wait);
  if (put.ok() && wait.deadline == kNever) socket.ShutdownWrite();
  *done = true;
}

// Sends a text and reads its echo at the same time; true if all came back.
Task<bool> Exchange(Churn& churn, Loop& loop, const SocketAddress& address, CancelScope* scope) {
  std::unique_ptr<Socket> socket;
  const IoResult connected = co_await Socket::Connect(loop, address, {.scope = scope}, &socket);
  if (!connected.ok()) co_return false;
  const std::string text = Text(churn.Pick(1000), 1 + churn.Pick(churn.Pick(4) == 0 ? 2'000'000 : 3000));
  const TimePoint deadline = churn.Pick(5) == 0 ? loop.now() + milliseconds(churn.Pick(30)) : kNever;
  bool sent = false;
  loop.Spawn(Send(*socket, text, {.deadline = deadline, .scope = scope}, &sent));
  size_t received = 0;
  while (received < text.size()) {
    const IoResult got = co_await socket->Read(loop.scratch(), {.deadline = deadline, .scope = scope});
    if (!got.ok()) break;
    EXPECT_EQ(std::string_view(loop.scratch().data(), got.bytes),
              std::string_view(text).substr(received, got.bytes));
    received += got.bytes;
    if (churn.Pick(300) == 0) break;
  }
  // The sender uses the socket and the text: end it first.
  if (!sent) {
    scope->Cancel(CancelReason::kAbandoned);
    while (!sent) co_await loop.SleepUntil(loop.now() + milliseconds(1));
  }
  co_return received == text.size();
}

struct CancelLater : Timer {
  CancelLater(Loop& loop, CancelScope* target) : Timer(loop), scope(target) {}
  void OnTimer() override { scope->Cancel(CancelReason::kClientGone); }
  CancelScope* scope;
};

Task<void> Client(Churn& churn, Loop& loop, SocketAddress address) {
  for (int round = 0; round < kRounds; ++round) {
    CancelScope scope;
    CancelLater cancel(loop, &scope);
    if (churn.Pick(4) == 0) cancel.Arm(loop.now() + milliseconds(churn.Pick(20)));
    const bool complete = co_await Exchange(churn, loop, address, &scope);
    ++(complete ? churn.complete : churn.broken);
  }
  if (++churn.finished == kClients) loop.Stop();
}

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(Churn, EveryWaitEndsAndNothingStaysBehind) {
  const size_t before = OpenDescriptors();
  {
    Churn churn;
    Loop loop;
    auto listener = Listener::Open(loop, *ParseAddress("127.0.0.1:0"), false);
    ASSERT_TRUE(listener.ok());
    (*listener)->Start([&](std::unique_ptr<Socket> socket) { loop.Spawn(Echo(churn, std::move(socket))); });
    for (int i = 0; i < kClients; ++i) loop.Spawn(Client(churn, loop, (*listener)->address()));
    loop.Run();
    EXPECT_EQ(churn.finished, kClients);
    EXPECT_GT(churn.complete, kClients * kRounds / 4);
    EXPECT_GT(churn.broken, kClients * kRounds / 10);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace portolan::net
