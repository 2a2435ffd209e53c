// Every fault of an upstream, by every way through the gateway, unary and streamed, over TCP and TLS: the
// caller gets a well-formed error with the right status and class, never a false success, and the gateway
// goes on serving.

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <thread>

#include "tests/faults/caller.h"
#include "tests/faults/fault.h"
#include "tests/faults/test_name.h"

namespace portolan::faults {
namespace {

using Certificate = Fault::Certificate;
using Kind = Outcome::Kind;

const test::TestAuthority& TheAuthority() {
  static const test::TestAuthority authority;
  return authority;
}

config::ServeOptions Options() {
  config::ServeOptions options;
  options.upstream_ca = TheAuthority().ca_file();
  return options;
}

// A short limit for an upstream that stalls, and only the one that it is to meet: anything else that is slow
// is so because the machine is busy.
std::string LimitOf(const Outcome& outcome) {
  for (const char* limit : {"first_byte_timeout", "idle_timeout"}) {
    if (outcome.code == std::string("upstream_") + limit) return "{\"" + std::string(limit) + "\":300}";
  }
  return {};
}

// A door, and what the upstream behind it speaks.
struct Way {
  Door door;
  Dialect dialect;
  // What stands between a transport and a dialect is the same for all of them, so that TLS is not tried with
  // each. Faults that need TLS are tried with all.
  bool over_both = false;
};
constexpr Way kWays[] = {
    {Door::kRest, Dialect::kOpenAi, true},      {Door::kRest, Dialect::kAnthropic, true},
    {Door::kGrpc, Dialect::kOpenAi, true},      {Door::kGrpc, Dialect::kAnthropic, true},
    {Door::kRest, Dialect::kGoogle, false},     {Door::kRest, Dialect::kBedrock, false},
    {Door::kGrpc, Dialect::kGoogle, false},     {Door::kGrpc, Dialect::kBedrock, false},
    {Door::kRest, Dialect::kCohere, false},     {Door::kGrpc, Dialect::kCohere, false},
    {Door::kMessages, Dialect::kOpenAi, false}, {Door::kMessages, Dialect::kAnthropic, false},
    {Door::kMessages, Dialect::kGoogle, false}, {Door::kMessages, Dialect::kBedrock, false},
    {Door::kRelay, Dialect::kOpenAi, false},
};

std::string Name(Door door, const Setting& setting) {
  return NameOf(door) + (setting.mode == Mode::kUnary ? ", unary, " : ", stream, ") +
         NameOf(setting.dialect) + (setting.transport == Transport::kTcp ? ", TCP" : ", TLS");
}

std::optional<test::TestCertificate> CertificateOf(const Fault& fault, Transport transport) {
  static const test::TestAuthority unknown;
  if (transport == Transport::kTcp) return std::nullopt;
  switch (fault.certificate) {
    case Certificate::kGood:
      break;
    case Certificate::kExpired:
      return TheAuthority().Expired();
    case Certificate::kOtherName:
      return TheAuthority().OtherName();
    case Certificate::kUnknownAuthority:
      return unknown.Good();
  }
  return TheAuthority().Good();
}

// Of all rows a different one.
std::string SentenceOf(const Fault& fault) {
  std::string sentence = fault.name;
  if (fault.dialects.size() == AllDialects().size()) return sentence;
  for (const Dialect dialect : fault.dialects) sentence += " " + NameOf(dialect);
  return sentence;
}

const Outcome& Wanted(const Fault& fault, Door door, Mode mode) {
  if (door == Door::kRelay) return fault.relayed;
  const std::optional<Outcome>& messages =
      mode == Mode::kUnary ? fault.messages_unary : fault.messages_stream;
  if (door == Door::kMessages && messages) return *messages;
  return mode == Mode::kUnary ? fault.unary : fault.stream;
}

class UpstreamFaults : public testing::TestWithParam<Fault> {
 protected:
  static void SetUpTestSuite() {
    gateway_ = new test::GatewayFixture(Options());
    caller_ = new Caller(*gateway_);
    good_ = new test::FakeUpstream(
        [](const test::SeenRequest& request) { return GoodAnswer(SettingOf(request, Transport::kTcp)); });
  }
  static void TearDownTestSuite() {
    delete good_;
    delete caller_;
    delete gateway_;
  }

  static void Check(const Outcome& want, const Seen& seen, Door door, const Setting& setting) {
    SCOPED_TRACE(Name(door, setting));
    EXPECT_EQ(seen.malformed, "");
    // A stream that fails before its first event may be refused with a status or break; gRPC shows no
    // difference.
    const bool early_break = want.kind == Kind::kBreak && door == Door::kGrpc && seen.kind == Kind::kError;
    const bool early_cut = want.kind == Kind::kCut && seen.kind == Kind::kError;
    if (!early_break && !early_cut) {
      EXPECT_EQ(static_cast<int>(seen.kind), static_cast<int>(want.kind));
    }
    if (seen.kind == Kind::kCut) return;  // says nothing more
    const std::string code = want.trouble ? In(setting.dialect).troubles.at(*want.trouble).code : want.code;
    EXPECT_EQ(seen.code, !want.or_code.empty() && seen.code == want.or_code ? want.or_code : code);
    if (door == Door::kGrpc) {
      EXPECT_EQ(seen.rpc, want.rpc);
    }
    if (want.kind == Kind::kError) {
      EXPECT_EQ(seen.status, want.status);
    }
    if (want.kind == Kind::kAnswer) {
      EXPECT_EQ(seen.text, kText);
    } else {
      const bool relayed = (door == Door::kRest && setting.dialect == Dialect::kOpenAi) ||
                           (door == Door::kMessages && setting.dialect == Dialect::kAnthropic);
      const bool untouched = want.passes_untouched && relayed;
      EXPECT_EQ(seen.error_class, untouched ? "" : want.error_class);
    }
  }

  static void Run(const Fault& fault, Transport transport) {
    test::FakeUpstream::Options options;
    options.tls = CertificateOf(fault, transport);
    if (fault.on_connect) {
      options.on_connect = [&](int) { return fault.on_connect({Dialect::kOpenAi, Mode::kUnary, transport}); };
    }
    if (fault.on_head) {
      options.on_head = [&](const test::SeenRequest& request) {
        return fault.on_head(SettingOf(request, transport));
      };
    }
    test::FakeUpstream upstream(
        [&](const test::SeenRequest& request) { return fault.answer(SettingOf(request, transport)); },
        options);
    if (fault.answer == nullptr) upstream.Stop();

    std::vector<std::thread> calls;
    std::mutex mutex;
    for (const Way& way : kWays) {
      if (!fault.Concerns(way.dialect)) continue;
      if (transport == Transport::kTls && fault.tcp && !way.over_both) continue;
      for (const Mode mode : {Mode::kUnary, Mode::kStream}) {
        const Outcome& want = Wanted(fault, way.door, mode);
        if (want.kind == Kind::kNotAsked) continue;
        calls.emplace_back([&, mode] {
          const Setting setting{way.dialect, mode, transport};
          const Seen seen = caller_->Call(way.door, setting, upstream.url(), LimitOf(want));
          const std::lock_guard lock(mutex);
          Check(want, seen, way.door, setting);
        });
      }
    }
    for (std::thread& call : calls) call.join();
    if (fault.reusable) return;
    for (const test::SeenConnection& connection : upstream.connections()) {
      EXPECT_LE(connection.requests, 1) << "a connection was used again after the fault";
    }
  }

  static test::GatewayFixture* gateway_;
  static Caller* caller_;
  static test::FakeUpstream* good_;
};

test::GatewayFixture* UpstreamFaults::gateway_ = nullptr;
Caller* UpstreamFaults::caller_ = nullptr;
test::FakeUpstream* UpstreamFaults::good_ = nullptr;

TEST_P(UpstreamFaults, AreToldAsTheyAre) {
  const Fault& fault = GetParam();
  if (fault.tcp) Run(fault, Transport::kTcp);
  if (fault.tls) Run(fault, Transport::kTls);
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    SCOPED_TRACE("a good call afterwards");
    Check(Whole(), caller_->Call(door, Setting(), good_->url()), door, Setting());
  }
}

INSTANTIATE_TEST_SUITE_P(All, UpstreamFaults, testing::ValuesIn(AllFaults()),
                         [](const auto& test) { return TestName("Upstream", SentenceOf(test.param)); });

}  // namespace

// Printed where a test fails.
void PrintTo(const Fault& fault, std::ostream* out) { *out << "an upstream that " << fault.name; }

}  // namespace portolan::faults
