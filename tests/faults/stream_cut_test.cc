// A stream that is cut at every byte of its framing, with FIN and with RST, on real sockets: only the cut
// behind the last event gives a whole answer. Every offset for REST over TCP in the caller's own dialect;
// every 37th elsewhere, or all of them where PORTOLAN_SOAK_SECONDS is set.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/faults/caller.h"
#include "tests/faults/fault.h"

namespace portolan::faults {
namespace {

using Kind = Outcome::Kind;

constexpr size_t kStride = 37;

// Chunked framing, a chunk an event.
std::string Framed(Dialect dialect) {
  std::string wire;
  for (const std::string& event : GoodEvents(dialect)) wire += test::Chunk(event);
  return wire + test::Chunk("");
}

// The cut is told by the path: `/cut/123/fin/v1/...`.
test::Script Cut(const test::SeenRequest& request) {
  const Setting setting = SettingOf(request, Transport::kTcp);
  const size_t at = std::strtoull(request.target.c_str() + sizeof("/cut/") - 1, nullptr, 10);
  test::Script script;
  script.Send(test::Head(200, {{"Content-Type", ContentType(setting)}, {"Transfer-Encoding", "chunked"}}) +
              Framed(setting.dialect).substr(0, at));
  if (request.target.find("/fin/") != std::string::npos) {
    script.CutOff();
  } else {
    script.Reset();
  }
  return script;
}

struct CutWay {
  Door door;
  Dialect dialect;
  Transport transport;
  friend void PrintTo(const CutWay& way, std::ostream* out) {
    *out << NameOf(way.door) << ", " << NameOf(way.dialect)
         << (way.transport == Transport::kTcp ? ", TCP" : ", TLS");
  }
};

// How much of the wire must have come for the last event to be whole.
size_t Needed(const CutWay& way) {
  const size_t all = Framed(way.dialect).size();
  // Gemini's stream has no other end than that of the framing, and what is relayed is not looked at.
  if (way.dialect == Dialect::kGoogle || way.door == Door::kRelay) return all;
  // Behind it come the line end of its chunk and the last chunk.
  return all - test::Chunk("").size() - 2;
}

class StreamCut : public testing::TestWithParam<CutWay> {
 protected:
  StreamCut() {
    config::ServeOptions options;
    options.upstream_ca = authority_.ca_file();
    gateway_ = std::make_unique<test::GatewayFixture>(options);
    test::FakeUpstream::Options upstream;
    if (GetParam().transport == Transport::kTls) upstream.tls = authority_.Good();
    upstream_ = std::make_unique<test::FakeUpstream>(Cut, upstream);
    caller_ = std::make_unique<Caller>(*gateway_);
  }

  Seen CallCutAt(size_t at, bool fin) {
    const Setting setting{GetParam().dialect, Mode::kStream, GetParam().transport};
    const Seen seen = caller_->Call(
        GetParam().door, setting, upstream_->url() + "/cut/" + std::to_string(at) + (fin ? "/fin" : "/rst"));
    // The next call must not come upon a connection whose end is still under way.
    EXPECT_TRUE(upstream_->WaitForConnectionsToEnd());
    return seen;
  }

  const test::TestAuthority authority_;
  std::unique_ptr<test::GatewayFixture> gateway_;
  std::unique_ptr<test::FakeUpstream> upstream_;
  std::unique_ptr<Caller> caller_;
};

TEST_P(StreamCut, IsNeverTakenForTheWhole) {
  const CutWay& way = GetParam();
  const bool all =
      (way.door == Door::kRest && way.dialect == Dialect::kOpenAi && way.transport == Transport::kTcp) ||
      std::getenv("PORTOLAN_SOAK_SECONDS") != nullptr;
  const size_t needed = Needed(way);
  size_t wholes = 0;
  for (const bool fin : {true, false}) {
    for (size_t at = 0; at <= Framed(way.dialect).size(); at += all ? 1 : kStride) {
      SCOPED_TRACE((fin ? "FIN after byte " : "RST after byte ") + std::to_string(at));
      const Seen seen = CallCutAt(at, fin);
      ASSERT_EQ(seen.malformed, "");
      const bool whole = seen.kind == Kind::kAnswer;
      wholes += whole ? 1 : 0;
      // A reset may overtake what was sent before it.
      if (fin) {
        ASSERT_EQ(whole, at >= needed);
      } else {
        ASSERT_TRUE(!whole || at >= needed);
      }
      ASSERT_TRUE(whole ? seen.text == kText : std::string(kText).starts_with(seen.text)) << seen.text;
      if (!whole && seen.kind != Kind::kCut) {
        ASSERT_EQ(seen.code, "upstream_reset");
      }
      if (way.door == Door::kGrpc) {
        ASSERT_EQ(seen.rpc, whole ? grpc::OK : grpc::UNAVAILABLE);
      }
    }
  }
  // The test can see a whole answer.
  EXPECT_EQ(CallCutAt(Framed(way.dialect).size(), true).text, kText);
  EXPECT_TRUE(!all || wholes > 0);
}

INSTANTIATE_TEST_SUITE_P(All, StreamCut,
                         testing::Values(CutWay{Door::kRest, Dialect::kOpenAi, Transport::kTcp},
                                         CutWay{Door::kRest, Dialect::kOpenAi, Transport::kTls},
                                         CutWay{Door::kRest, Dialect::kAnthropic, Transport::kTcp},
                                         CutWay{Door::kRest, Dialect::kAnthropic, Transport::kTls},
                                         CutWay{Door::kGrpc, Dialect::kOpenAi, Transport::kTcp},
                                         CutWay{Door::kGrpc, Dialect::kOpenAi, Transport::kTls},
                                         CutWay{Door::kGrpc, Dialect::kAnthropic, Transport::kTcp},
                                         CutWay{Door::kGrpc, Dialect::kAnthropic, Transport::kTls},
                                         CutWay{Door::kRest, Dialect::kGoogle, Transport::kTcp},
                                         CutWay{Door::kRest, Dialect::kBedrock, Transport::kTcp},
                                         CutWay{Door::kRest, Dialect::kCohere, Transport::kTcp},
                                         CutWay{Door::kMessages, Dialect::kOpenAi, Transport::kTcp},
                                         CutWay{Door::kMessages, Dialect::kAnthropic, Transport::kTcp},
                                         CutWay{Door::kRelay, Dialect::kOpenAi, Transport::kTcp}));

}  // namespace
}  // namespace portolan::faults
