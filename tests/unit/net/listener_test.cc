#include "server/net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <vector>

#include "server/net/address.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

Task<void> SleepFor(Loop& loop, milliseconds delay) { co_await loop.SleepUntil(In(delay)); }

std::unique_ptr<Listener> Open(Loop& loop, bool reuse_port = false) {
  auto listener = Listener::Open(loop, *ParseAddress("127.0.0.1:0"), reuse_port);
  EXPECT_TRUE(listener.ok()) << listener.status();
  return std::move(*listener);
}

TEST(ParseAddress, TakesTheFormsOfTheFlags) {
  EXPECT_EQ(ParseAddress("127.0.0.1:8787")->ToString(), "127.0.0.1:8787");
  EXPECT_EQ(ParseAddress("localhost:0")->ToString(), "127.0.0.1:0");
  EXPECT_EQ(ParseAddress("[::1]:65535")->ToString(), "[::1]:65535");
  EXPECT_EQ(ParseAddress(":80")->ToString(), "[::]:80");
  EXPECT_EQ(ParseAddress("0.0.0.0:80")->ToString(), "0.0.0.0:80");
}

TEST(ParseAddress, NamesWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {{"", "HOST:PORT"},
                                                       {"127.0.0.1", "HOST:PORT"},
                                                       {"127.0.0.1:", "not a number"},
                                                       {"127.0.0.1:65536", "not a number"},
                                                       {"127.0.0.1:-1", "not a number"},
                                                       {"127.0.0.1:8 ", "not a number"},
                                                       {"::1:80", "brackets"},
                                                       {"[1.2.3.4]:80", "brackets"},
                                                       {"example.com:80", "not an IP address"},
                                                       {"[::g]:80", "not an IP address"},
                                                       {"*:80", "not an IP address"}};
  for (const auto& [text, problem] : cases) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(problem)) << text;
  }
}

TEST(Listener, SaysThatAPortIsInUse) {
  Loop loop;
  const auto first = Open(loop);
  const auto second = Listener::Open(loop, first->address(), false);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), first->address().ToString() + " is in use");
}

TEST(Listener, SharesAPortOnRequest) {
  Loop loop;
  const auto first = Open(loop, true);
  EXPECT_TRUE(Listener::Open(loop, first->address(), true).ok());
}

TEST(Listener, AllAddressesMeansIpv4Too) {
  Loop loop;
  auto listener = Listener::Open(loop, *ParseAddress(":0"), false);
  ASSERT_TRUE(listener.ok()) << listener.status();
  SocketAddress v4;
  SocketAddress::Parse("127.0.0.1", (*listener)->address().port(), &v4);
  const int client = ConnectRaw(v4);
  EXPECT_GE(client, 0);
  close(client);
}

TEST(Listener, AcceptsEverythingThatIsQueuedBeforeStartAndAfter) {
  Loop loop;
  const auto listener = Open(loop);
  std::vector<int> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(ConnectRaw(listener->address()));
  std::vector<std::unique_ptr<Socket>> accepted;
  listener->Start([&](std::unique_ptr<Socket> socket) {
    accepted.push_back(std::move(socket));
    if (accepted.size() == 300) {
      for (int i = 0; i < 10; ++i) clients.push_back(ConnectRaw(listener->address()));
    }
    if (accepted.size() == 310) loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(accepted.size(), 310u);
  for (const int fd : clients) close(fd);
}

TEST(Listener, StopAcceptsTheQueueFirstAndThenRefuses) {
  Loop loop;
  const auto listener = Open(loop);
  const SocketAddress address = listener->address();
  int accepted = 0;
  listener->Start([&](std::unique_ptr<Socket>) { ++accepted; });
  listener->Pause(true);
  std::vector<int> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(ConnectRaw(address));
  RunTask(loop, SleepFor(loop, milliseconds(5)));
  EXPECT_EQ(accepted, 0);
  listener->Stop();
  EXPECT_EQ(accepted, 100);
  EXPECT_EQ(ConnectRaw(address), -1);
  for (const int fd : clients) close(fd);
}

TEST(Listener, PausesAndResumes) {
  Loop loop;
  const auto listener = Open(loop);
  int accepted = 0;
  listener->Start([&](std::unique_ptr<Socket>) {
    ++accepted;
    listener->Pause(true);
  });
  const int clients[] = {ConnectRaw(listener->address()), ConnectRaw(listener->address())};
  EXPECT_TRUE(RunUntil(loop, [&] { return accepted > 0; }));
  RunTask(loop, SleepFor(loop, milliseconds(5)));
  EXPECT_EQ(accepted, 1);
  listener->Pause(false);
  EXPECT_TRUE(RunUntil(loop, [&] { return accepted == 2; }));
  for (const int fd : clients) close(fd);
}

TEST(Listener, SurvivesTheExhaustionOfDescriptors) {
  Loop loop;
  const auto listener = Open(loop);
  std::vector<std::unique_ptr<Socket>> accepted;
  listener->Start([&](std::unique_ptr<Socket> socket) {
    accepted.push_back(std::move(socket));
    loop.Stop();
  });
  const int client = ConnectRaw(listener->address());
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(client) + 1, .rlim_max = old.rlim_max};
  // Fill the gaps below the limit, too.
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<int> fillers;
  for (int fd = 0; (fd = dup(client)) >= 0;) fillers.push_back(fd);
  const uint64_t turns = loop.turn();
  RunTask(loop, SleepFor(loop, milliseconds(150)));
  EXPECT_TRUE(accepted.empty());
  EXPECT_LE(loop.turn() - turns, 10u) << "it pauses instead of spinning";
  for (const int fd : fillers) close(fd);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  loop.Run();
  EXPECT_EQ(accepted.size(), 1u);
  close(client);
}

}  // namespace
}  // namespace portolan::net
