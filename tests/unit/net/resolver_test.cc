#include "server/net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "server/net/listener.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr uint16_t kA = 1;
constexpr uint16_t kAaaa = 28;
constexpr uint8_t kServFail = 2;
constexpr uint8_t kNxDomain = 3;

void PutU16(std::string* out, size_t value) {
  out->push_back(static_cast<char>(value >> 8 & 0xff));
  out->push_back(static_cast<char>(value & 0xff));
}

// What the server says to one question. RFC 1035 section 4 has the format.
struct Script {
  std::vector<std::string> addresses = {};  // text
  uint8_t code = 0;
  uint32_t ttl = 60;
  bool silent = false;
  bool truncated = false;  // over UDP only
};

// A DNS server on the test's own loop: scripted by name and type.
class FakeDns : Watcher {
 public:
  explicit FakeDns(Loop& loop) : loop_(loop) {
    // A port that is free for UDP and TCP.
    while (!BindUdp() || !BindTcp()) close(fd_);
    loop_.Watch(fd_, this, EPOLLIN);
    listener_->Start(
        [this](std::unique_ptr<Socket> socket) { loop_.Spawn(ServeTcp(this, std::move(socket))); });
  }
  ~FakeDns() override {
    loop_.Unwatch(fd_, this);
    close(fd_);
  }

  std::string servers() const { return address_.ToString(); }
  void Say(const std::string& name, uint16_t type, Script script) {
    scripts_[{name, type}] = std::move(script);
  }
  int queries(const std::string& name) { return queries_[name]; }
  int tcp_queries() const { return tcp_queries_; }

 private:
  bool BindUdp() {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    SocketAddress::Parse("127.0.0.1", 0, &address_);
    return bind(fd_, reinterpret_cast<sockaddr*>(&address_.storage), address_.length) == 0 &&
           getsockname(fd_, reinterpret_cast<sockaddr*>(&address_.storage), &address_.length) == 0;
  }
  bool BindTcp() {
    auto listener = Listener::Open(loop_, address_, false);
    if (listener.ok()) listener_ = std::move(*listener);
    return listener_ != nullptr;
  }

  void OnEvents(uint32_t) override {
    char query[512];
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    const ssize_t size = recvfrom(fd_, query, sizeof(query), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 12) return;
    const std::string answer = Answer({query, static_cast<size_t>(size)}, true);
    if (!answer.empty())
      sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }

  static Task<void> ServeTcp(FakeDns* self, std::unique_ptr<Socket> socket) {
    std::string input;
    char buffer[512];
    for (;;) {
      const IoResult got = co_await socket->Read(buffer, Soon());
      if (!got.ok()) co_return;
      input.append(buffer, got.bytes);
      if (input.size() < 2 || input.size() < 2 + static_cast<size_t>(input[1])) continue;
      ++self->tcp_queries_;
      const std::string answer = self->Answer(input.substr(2), false);
      input.clear();
      std::string length;
      PutU16(&length, answer.size());
      // Byte by byte: the client has to come back for the rest.
      for (const char byte : length + answer) {
        const std::string_view pieces[] = {{&byte, 1}};
        const IoResult put = co_await socket->Write(pieces, Soon());
        EXPECT_TRUE(put.ok());
        if (input.empty()) co_await self->loop_.SleepUntil(self->loop_.now());
      }
    }
  }

  std::string Answer(const std::string& query, bool udp) {
    std::string name;
    size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      if (!name.empty()) name += '.';
      name.append(query, at + 1, static_cast<size_t>(query[at]));
      at += static_cast<size_t>(query[at]) + 1;
    }
    const auto type = static_cast<uint16_t>(static_cast<unsigned char>(query.at(at + 2)));
    ++queries_[name];
    const auto found = scripts_.find({name, type});
    const Script script = found != scripts_.end() ? found->second : Script{.code = kNxDomain};
    if (script.silent) return {};
    const bool cut = script.truncated && udp;
    std::string answer = query.substr(0, 2);
    PutU16(&answer, 0x8180u | (cut ? 0x200u : 0u) | script.code);
    PutU16(&answer, 1);
    PutU16(&answer, cut ? 0 : script.addresses.size());
    PutU16(&answer, 0);
    PutU16(&answer, 0);
    answer.append(query, 12, at + 5 - 12);
    for (const std::string& text : cut ? std::vector<std::string>() : script.addresses) {
      unsigned char bytes[16];
      const size_t size = type == kA ? 4 : 16;
      EXPECT_EQ(inet_pton(type == kA ? AF_INET : AF_INET6, text.c_str(), bytes), 1);
      PutU16(&answer, 0xc00c);  // the question's name
      PutU16(&answer, type);
      PutU16(&answer, 1);
      PutU16(&answer, script.ttl >> 16);
      PutU16(&answer, script.ttl & 0xffff);
      PutU16(&answer, size);
      answer.append(reinterpret_cast<char*>(bytes), size);
    }
    return answer;
  }

  Loop& loop_;
  int fd_ = -1;
  SocketAddress address_;
  std::unique_ptr<Listener> listener_;
  std::map<std::pair<std::string, uint16_t>, Script> scripts_;
  std::map<std::string, int> queries_;
  int tcp_queries_ = 0;
};

struct Answered {
  absl::Status status;
  std::vector<std::string> addresses;
  bool done = false;
};

Task<void> Ask(Resolver& resolver, std::string host, Wait wait, Answered* out) {
  const absl::StatusOr<std::vector<SocketAddress>> result = co_await resolver.Resolve(host, 443, wait);
  out->done = true;
  out->status = result.status();
  out->addresses.clear();
  if (!result.ok()) co_return;
  for (const SocketAddress& address : *result) out->addresses.push_back(address.ToString());
}

// Names end in a dot, so that the machine's search domains are not tried.
class ResolverTest : public testing::Test {
 protected:
  Answered Resolve(const std::string& host, Wait wait = Soon()) {
    Answered answered;
    RunTask(loop_, Ask(resolver_, host, wait, &answered));
    return answered;
  }

  Loop loop_;
  FakeDns dns_{loop_};
  Resolver resolver_{loop_,
                     {.max_ttl = seconds(30),
                      .negative_ttl = seconds(1),
                      .max_entries = 4,
                      .try_timeout = milliseconds(400),  // a busy machine is later than that hardly ever
                      .tries = 2,
                      .servers = dns_.servers()}};
};

TEST_F(ResolverTest, LiteralsAndLocalhostNeedNoQuery) {
  EXPECT_THAT(Resolve("10.1.2.3").addresses, ElementsAre("10.1.2.3:443"));
  EXPECT_THAT(Resolve("2001:db8::1").addresses, ElementsAre("[2001:db8::1]:443"));
  for (const char* name : {"localhost", "LocalHost", "localhost.", "api.localhost"}) {
    EXPECT_THAT(Resolve(name).addresses, ElementsAre("127.0.0.1:443", "[::1]:443")) << name;
  }
  EXPECT_EQ(dns_.queries("localhost"), 0);
}

TEST_F(ResolverTest, GivesAddressesOfBothFamilies) {
  dns_.Say("both.test", kA, {.addresses = {"127.0.0.7", "127.0.0.8"}});
  dns_.Say("both.test", kAaaa, {.addresses = {"2001:db8::7"}});
  EXPECT_THAT(Resolve("both.test.").addresses,
              UnorderedElementsAre("127.0.0.7:443", "127.0.0.8:443", "[2001:db8::7]:443"));
  dns_.Say("six.test", kAaaa, {.addresses = {"::1"}});
  dns_.Say("six.test", kA, {});
  EXPECT_THAT(Resolve("six.test.").addresses, ElementsAre("[::1]:443"));
}

TEST_F(ResolverTest, KeepsAnswersForTheirTimeToLive) {
  dns_.Say("kept.test", kA, {.addresses = {"127.0.0.1"}, .ttl = 600});
  dns_.Say("kept.test", kAaaa, {});
  EXPECT_THAT(Resolve("kept.test.").addresses, ElementsAre("127.0.0.1:443"));
  const int queries = dns_.queries("kept.test");
  EXPECT_GT(queries, 0);
  EXPECT_THAT(Resolve("KEPT.test.").addresses, ElementsAre("127.0.0.1:443"));
  EXPECT_EQ(dns_.queries("kept.test"), queries);

  dns_.Say("brief.test", kA, {.addresses = {"127.0.0.1"}, .ttl = 0});
  dns_.Say("brief.test", kAaaa, {});
  Resolve("brief.test.");
  dns_.Say("brief.test", kA, {.addresses = {"127.0.0.2"}, .ttl = 0});
  EXPECT_THAT(Resolve("brief.test.").addresses, ElementsAre("127.0.0.2:443"));
}

Task<void> SleepUntilTime(Loop& loop, TimePoint when) { co_await loop.SleepUntil(when); }

TEST_F(ResolverTest, ForgetsWhenTheTimeToLiveIsOver) {
  dns_.Say("second.test", kA, {.addresses = {"127.0.0.1"}, .ttl = 1});
  dns_.Say("second.test", kAaaa, {});
  dns_.Say("long.test", kA, {.addresses = {"127.0.0.1"}, .ttl = 600});
  dns_.Say("long.test", kAaaa, {});
  Resolver clamped(loop_, {.max_ttl = seconds(1), .servers = dns_.servers()});
  Answered answered;
  RunTask(loop_, Ask(clamped, "long.test.", Soon(), &answered));
  Resolve("long.test.");
  Resolve("second.test.");
  EXPECT_EQ(Resolve("gone.test.").status.code(), absl::StatusCode::kNotFound);
  const int negative = dns_.queries("gone.test");
  Resolve("gone.test.");
  EXPECT_EQ(dns_.queries("gone.test"), negative) << "remembered for a second";
  RunTask(loop_, SleepUntilTime(loop_, In(milliseconds(1100))));
  dns_.Say("long.test", kA, {.addresses = {"127.0.0.2"}});
  RunTask(loop_, Ask(clamped, "long.test.", Soon(), &answered));
  EXPECT_THAT(answered.addresses, ElementsAre("127.0.0.2:443")) << "kept no longer than the limit";
  EXPECT_THAT(Resolve("long.test.").addresses, ElementsAre("127.0.0.1:443"));
  dns_.Say("second.test", kA, {.addresses = {"127.0.0.2"}, .ttl = 1});
  EXPECT_THAT(Resolve("second.test.").addresses, ElementsAre("127.0.0.2:443"));
  dns_.Say("gone.test", kA, {.addresses = {"127.0.0.3"}});
  dns_.Say("gone.test", kAaaa, {});
  EXPECT_THAT(Resolve("gone.test.").addresses, ElementsAre("127.0.0.3:443"));
}

TEST_F(ResolverTest, SaysWhatWentWrong) {
  const Answered missing = Resolve("missing.test.");
  EXPECT_EQ(missing.status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status.message()), HasSubstr("missing.test"));

  dns_.Say("empty.test", kA, {});
  dns_.Say("empty.test", kAaaa, {});
  EXPECT_EQ(Resolve("empty.test.").status.code(), absl::StatusCode::kNotFound);

  dns_.Say("broken.test", kA, {.code = kServFail});
  dns_.Say("broken.test", kAaaa, {.code = kServFail});
  EXPECT_EQ(Resolve("broken.test.").status.code(), absl::StatusCode::kUnavailable);

  dns_.Say("silent.test", kA, {.silent = true});
  dns_.Say("silent.test", kAaaa, {.silent = true});
  const Answered silent = Resolve("silent.test.");
  EXPECT_EQ(silent.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(silent.status.message()), HasSubstr("no DNS server answered"));

  EXPECT_EQ(Resolve(std::string(300, 'x') + ".test.").status.code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(Resolve("").status.ok());
  EXPECT_FALSE(Resolve("..").status.ok());
}

Task<void> AskAll(Loop& loop, Resolver& resolver, std::deque<Answered>& answers, CancelScope& scope) {
  for (Answered& answer : answers) loop.Spawn(Ask(resolver, "shared.test.", Soon(), &answer));
  Answered late, cancelled;
  loop.Spawn(Ask(resolver, "shared.test.", {.deadline = loop.now() + milliseconds(5)}, &late));
  loop.Spawn(Ask(resolver, "shared.test.", {.scope = &scope}, &cancelled));
  scope.Cancel(CancelReason::kClientGone);
  for (const Answered& answer : answers) {
    while (!answer.done) co_await loop.SleepUntil(loop.now() + milliseconds(1));
  }
  EXPECT_EQ(late.status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(cancelled.status.code(), absl::StatusCode::kCancelled);
}

TEST_F(ResolverTest, ConcurrentLookupsShareAQueryAndEndOneByOne) {
  // The AAAA query is answered at its second try only: until then all wait.
  dns_.Say("shared.test", kA, {.addresses = {"127.0.0.1"}});
  dns_.Say("shared.test", kAaaa, {.silent = true});
  std::deque<Answered> answers(50);
  CancelScope scope;
  RunTask(loop_, AskAll(loop_, resolver_, answers, scope));
  for (const Answered& answer : answers) EXPECT_THAT(answer.addresses, ElementsAre("127.0.0.1:443"));
  EXPECT_LE(dns_.queries("shared.test"), 3) << "A once, AAAA twice";
}

TEST_F(ResolverTest, TakesLongAnswersOverTcp) {
  Script many{.truncated = true};
  for (int i = 1; i <= 60; ++i) many.addresses.push_back("127.0.1." + std::to_string(i));
  dns_.Say("many.test", kA, many);
  dns_.Say("many.test", kAaaa, {});
  EXPECT_EQ(Resolve("many.test.").addresses.size(), 60u);
  EXPECT_GT(dns_.tcp_queries(), 0);
}

TEST_F(ResolverTest, TheCacheIsBounded) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    dns_.Say(name, kA, {.addresses = {"127.0.0.1"}});
    dns_.Say(name, kAaaa, {});
    Resolve(name + ".");
  }
  int asked_again = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    const int before = dns_.queries(name);
    Resolve(name + ".");
    if (dns_.queries(name) > before) ++asked_again;
  }
  EXPECT_GE(asked_again, 16);
}

TEST(Resolver, MayGoWhileLookupsAreUnderWay) {
  Loop loop;
  FakeDns dns(loop);
  dns.Say("silent.test", kA, {.silent = true});
  dns.Say("silent.test", kAaaa, {.silent = true});
  auto resolver = std::make_unique<Resolver>(loop, Resolver::Options{.servers = dns.servers()});
  Answered answered, dropped;
  loop.Spawn(Ask(*resolver, "silent.test.", Soon(), &answered));
  {
    Loop other;  // its tasks are destroyed while they wait
    Resolver brief(other, {.servers = dns.servers()});
    other.Spawn(Ask(brief, "silent.test.", Soon(), &dropped));
    other.Stop();
    other.Run();
  }
  EXPECT_FALSE(dropped.done);
  resolver.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return answered.done; }));
  EXPECT_EQ(answered.status.code(), absl::StatusCode::kCancelled);
}

TEST(Resolver, ReadsTheSystemsHostsFile) {
  Loop loop;
  Resolver resolver(loop, {.try_timeout = milliseconds(10), .tries = 1, .servers = "127.0.0.1:9"});
  char name[256] = "";
  ASSERT_EQ(gethostname(name, sizeof(name) - 1), 0);
  Answered answered;
  RunTask(loop, Ask(resolver, name, Soon(), &answered));
  if (!answered.status.ok()) GTEST_SKIP() << "this machine's name is not in its hosts file";
  EXPECT_FALSE(answered.addresses.empty());
}

}  // namespace
}  // namespace portolan::net
