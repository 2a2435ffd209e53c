// Every fault of an upstream, at both doors, unary and streamed, in both dialects, over TCP and TLS: the
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

std::string Name(Door door, const Setting& setting) {
  return std::string(door == Door::kRest ? "REST" : "gRPC") +
         (setting.mode == Mode::kUnary ? ", unary" : ", stream") +
         (setting.dialect == Dialect::kOpenAi ? ", same dialect" : ", translated") +
         (setting.transport == Transport::kTcp ? ", TCP" : ", TLS");
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

// What the upstream is asked for, read from the request itself.
Setting SettingOf(const test::SeenRequest& request, Transport transport) {
  const bool anthropic = request.target.find("/messages") != std::string::npos;
  const bool stream = request.body.find("\"stream\":true") != std::string::npos;
  return {anthropic ? Dialect::kAnthropic : Dialect::kOpenAi, stream ? Mode::kStream : Mode::kUnary,
          transport};
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
    if (!early_break) {
      EXPECT_EQ(static_cast<int>(seen.kind), static_cast<int>(want.kind));
    }
    EXPECT_EQ(seen.code, !want.or_code.empty() && seen.code == want.or_code ? want.or_code : want.code);
    if (door == Door::kGrpc) {
      EXPECT_EQ(seen.rpc, want.rpc);
    }
    if (want.kind == Kind::kError) {
      EXPECT_EQ(seen.status, want.status);
    }
    if (want.kind == Kind::kAnswer) {
      EXPECT_EQ(seen.text, kText);
    } else {
      const bool untouched =
          want.passes_untouched && door == Door::kRest && setting.dialect == Dialect::kOpenAi;
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
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      for (const Mode mode : {Mode::kUnary, Mode::kStream}) {
        for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kAnthropic}) {
          const Outcome& want = mode == Mode::kUnary ? fault.unary : fault.stream;
          if (want.kind == Kind::kNotAsked) continue;
          if (!(dialect == Dialect::kOpenAi ? fault.openai : fault.anthropic)) continue;
          const Setting setting{dialect, mode, transport};
          calls.emplace_back([&, door, setting] {
            const Seen seen = caller_->Call(door, setting, upstream.url(), LimitOf(want));
            const std::lock_guard lock(mutex);
            Check(want, seen, door, setting);
          });
        }
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
                         [](const auto& test) { return TestName("Upstream", test.param.name); });

}  // namespace

// Printed where a test fails.
void PrintTo(const Fault& fault, std::ostream* out) { *out << "an upstream that " << fault.name; }

}  // namespace portolan::faults
