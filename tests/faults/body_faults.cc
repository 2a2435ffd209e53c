// The framing of the body: lengths, chunks, the connection's end, gzip.

#include "tests/faults/fault.h"
#include "tests/support/gzip.h"

namespace portolan::faults {
namespace {

using test::Chunk;
using test::Gzip;
using test::Head;
using test::Script;

constexpr size_t kHalf = 60;  // within the JSON

std::string HeadWith(const Setting& setting, const std::string& name, const std::string& value) {
  return Head(200, {{"Content-Type", ContentType(setting)}, {name, value}});
}

std::string LengthHead(const Setting& setting, int more = 0) {
  const int size = static_cast<int>(GoodBody(setting).size());
  return HeadWith(setting, "Content-Length", std::to_string(size + more));
}

std::string ChunkedHead(const Setting& setting) { return HeadWith(setting, "Transfer-Encoding", "chunked"); }
std::string CloseHead(const Setting& setting) { return HeadWith(setting, "Connection", "close"); }

// The whole events up to the first text, and of a unary body as much as makes no whole JSON.
std::string FirstPart(const Setting& setting) {
  return setting.mode == Mode::kUnary ? GoodBody(setting).substr(0, kHalf) : UntilText(setting.dialect);
}

// A chunk that says more than it has.
std::string HalfChunk(const std::string& text) { return "fff\r\n" + text; }

Script GzipAnswer(const Setting& setting, const std::string& packed) {
  return Script().Send(Head(200, {{"Content-Type", ContentType(setting)},
                                  {"Content-Encoding", "gzip"},
                                  {"Content-Length", std::to_string(packed.size())}}) +
                       packed);
}

}  // namespace

std::vector<Fault> BodyFaults() {
  const std::string group = "The body";
  std::vector<Fault> faults;
  const auto add = [&](std::string name, Outcome unary, Outcome stream,
                       std::function<Script(const Setting&)> answer) -> Fault& {
    faults.push_back({group, std::move(name), std::move(unary), std::move(stream), std::move(answer)});
    return faults.back();
  };
  const auto broken = [&](std::string name, const std::string& code,
                          std::function<Script(const Setting&)> answer) -> Fault& {
    Fault& fault = add(std::move(name), BadGateway(code), Breaks(code, grpc::UNAVAILABLE), std::move(answer));
    fault.relayed = Cut(code);
    return fault;
  };

  broken("resets in mid-body", "upstream_reset",
         [](const Setting& s) { return Script().Send(LengthHead(s) + FirstPart(s)).Reset(); });
  broken("closes before the length it stated", "upstream_reset",
         [](const Setting& s) { return Script().Send(LengthHead(s) + FirstPart(s)).Close(); });
  broken("resets in mid-chunk", "upstream_reset",
         [](const Setting& s) { return Script().Send(ChunkedHead(s) + HalfChunk(FirstPart(s))).Reset(); });
  broken("closes in mid-chunk", "upstream_reset",
         [](const Setting& s) { return Script().Send(ChunkedHead(s) + HalfChunk(FirstPart(s))).Close(); });
  broken("closes between two chunks", "upstream_reset",
         [](const Setting& s) { return Script().Send(ChunkedHead(s) + Chunk(FirstPart(s))).Close(); });
  const auto no_last_chunk = [](const Setting& s) {
    return Script().Send(ChunkedHead(s) + Chunk(GoodBody(s))).Close();
  };
  const std::string last_chunk = "sends everything but the last chunk, and closes";
  add(last_chunk, BadGateway("upstream_reset"), Whole(), no_last_chunk).ButFor(Dialect::kGoogle).relayed =
      Cut();
  // Its streams have no end of their own but that of the framing.
  broken(last_chunk, "upstream_reset", no_last_chunk).Only({Dialect::kGoogle});
  add("stalls in mid-body", TooSlow("upstream_idle_timeout"),
      Breaks("upstream_idle_timeout", grpc::DEADLINE_EXCEEDED),
      [](const Setting& s) { return Script().Send(LengthHead(s) + FirstPart(s)).Stall(); })
      .relayed = Cut("upstream_idle_timeout");
  // What comes with the broken framing in one read is not looked at, so the stream has not begun.
  const auto garbled = [&](std::string name, std::function<Script(const Setting&)> answer) {
    add(std::move(name), BadGateway("upstream_invalid_answer"), BadGateway("upstream_invalid_answer"),
        std::move(answer))
        .relayed = Cut("upstream_invalid_answer");
  };
  garbled("has a chunk size that is no number", [](const Setting& s) {
    return Script().Send(ChunkedHead(s) + Chunk(FirstPart(s)) + "zz\r\nabc\r\n0\r\n\r\n");
  });
  garbled("has a chunk longer than its size", [](const Setting& s) {
    return Script().Send(ChunkedHead(s) + Chunk(FirstPart(s)) + "2\r\nabcdef\r\n0\r\n\r\n");
  });
  garbled("has a chunk size beyond 64 bits", [](const Setting& s) {
    return Script().Send(ChunkedHead(s) + Chunk(FirstPart(s)) + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n");
  });
  add("states a length shorter than its body", BadGateway("upstream_invalid_answer"),
      Breaks("upstream_truncated", grpc::UNAVAILABLE), [](const Setting& s) {
        const std::string part = FirstPart(s);
        return Script().Send(HeadWith(s, "Content-Length", std::to_string(part.size())) + GoodBody(s));
      });

  add("ends a whole body by closing", Whole(), Whole(), [](const Setting& s) {
    return Script().Send(CloseHead(s) + GoodBody(s)).Close();
  }).relayed = Whole();
  add("ends half a body by closing", BadGateway("upstream_invalid_answer"),
      Breaks("upstream_truncated", grpc::UNAVAILABLE),
      [](const Setting& s) { return Script().Send(CloseHead(s) + FirstPart(s)).Close(); });
  broken("ends a body without a length by a reset", "upstream_reset",
         [](const Setting& s) { return Script().Send(CloseHead(s) + FirstPart(s)).Reset(); });
  // Anybody on the path can cut a TLS stream: only close_notify is an end.
  const auto cut_off = [](const Setting& s) { return Script().Send(CloseHead(s) + GoodBody(s)).CutOff(); };
  const std::string no_notify = "ends a body without a length by closing TCP under TLS";
  Fault& told = add(no_notify, BadGateway("upstream_reset"), Whole(), cut_off).ButFor(Dialect::kGoogle);
  told.tcp = false;
  told.relayed = Cut();
  broken(no_notify, "upstream_reset", cut_off).Only({Dialect::kGoogle}).tcp = false;
  broken("ends half a body without a length by closing TCP under TLS", "upstream_reset",
         [](const Setting& s) { return Script().Send(CloseHead(s) + FirstPart(s)).CutOff(); })
      .tcp = false;

  add("compresses its body with gzip unasked", Whole(), Whole(), [](const Setting& s) {
    return GzipAnswer(s, Gzip(GoodBody(s)));
  }).reusable = true;
  broken("cuts its gzip short", "upstream_reset", [](const Setting& s) {
    std::string plain = FirstPart(s);
    for (int i = 0; i < 500; ++i) plain += In(s.dialect).idle;
    const std::string packed = Gzip(plain);
    return GzipAnswer(s, packed.substr(0, packed.size() - 6));
  });
  // A relayed body is the caller's to unpack, and whole as it was sent.
  faults.back().relayed = NotAsked();
  faults.back().reusable = true;
  add("sends something else as gzip", BadGateway("upstream_invalid_answer"),
      BadGateway("upstream_invalid_answer"), [](const Setting& s) { return GzipAnswer(s, GoodBody(s)); })
      .reusable = true;
  add("compresses its body with something unknown", BadGateway("upstream_invalid_answer"),
      BadGateway("upstream_invalid_answer"),
      [](const Setting& s) {
        return Script().Send(
            Head(200,
                 {{"Content-Type", ContentType(s)}, {"Content-Encoding", "br"}, {"Content-Length", "5"}}) +
            "\x0b\x02\x80" + "ab");
      })
      .reusable = true;
  return faults;
}

}  // namespace portolan::faults
