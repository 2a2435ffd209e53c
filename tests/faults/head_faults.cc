// The head of the answer.

#include "tests/faults/fault.h"

namespace portolan::faults {
namespace {

using test::Script;

constexpr char kHalfHead[] = "HTTP/1.1 200 OK\r\ncontent-type: appl";

// A good answer but for what its head says besides.
Script WithHead(const Setting& setting, const std::string& lines) {
  return Script().Send("HTTP/1.1 200 OK\r\ncontent-type: " + ContentType(setting) + "\r\n" + lines + "\r\n" +
                       GoodBody(setting));
}

std::string Length(const Setting& setting, int more = 0) {
  return std::to_string(static_cast<int>(GoodBody(setting).size()) + more);
}

}  // namespace

std::vector<Fault> HeadFaults() {
  const std::string group = "The head of the answer";
  std::vector<Fault> faults;
  const auto add = [&](std::string name, Outcome outcome, std::function<Script(const Setting&)> answer) {
    faults.push_back({group, std::move(name), outcome, outcome, std::move(answer), outcome});
  };
  const auto garbage = [&](std::string name, std::function<Script(const Setting&)> answer) {
    add(std::move(name), BadGateway("upstream_invalid_answer"), std::move(answer));
  };

  add("resets in mid-head", BadGateway("upstream_reset"),
      [](const Setting&) { return Script().Send(kHalfHead).Reset(); });
  add("closes in mid-head", BadGateway("upstream_reset"),
      [](const Setting&) { return Script().Send(kHalfHead).Close(); });
  add("stalls in mid-head", TooSlow("upstream_first_byte_timeout"),
      [](const Setting&) { return Script().Send(kHalfHead).Stall(); });

  garbage("sends something that is not HTTP",
          [](const Setting&) { return Script().Send("220 mail.example ESMTP ready\r\n\r\n"); });
  garbage("sends bytes at random", [](const Setting&) {
    return Script().Send(std::string("\x00\xff\x15\x03\x01\x00\x02\x02\x16\r\n\r\n", 13));
  });
  garbage("speaks HTTP/2", [](const Setting&) { return Script().Send("HTTP/2 200 OK\r\n\r\n"); });
  garbage("has a status that is no number",
          [](const Setting&) { return Script().Send("HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n"); });
  garbage("has a header of 1 MB", [](const Setting& setting) {
    return WithHead(setting, "x-long: " + std::string(1 << 20, 'a') + "\r\n");
  });
  garbage("has a header line without a colon", [](const Setting& setting) {
    return WithHead(setting, "nonsense\r\ncontent-length: " + Length(setting) + "\r\n");
  });
  garbage("has a NUL in a header", [](const Setting& setting) {
    return WithHead(setting,
                    std::string("x-a: b\0c\r\n", 10) + "content-length: " + Length(setting) + "\r\n");
  });
  garbage("states two different lengths", [](const Setting& setting) {
    return WithHead(
        setting, "content-length: " + Length(setting) + "\r\ncontent-length: " + Length(setting, 1) + "\r\n");
  });
  garbage("states a length and chunks", [](const Setting& setting) {
    return WithHead(setting, "content-length: " + Length(setting) + "\r\ntransfer-encoding: chunked\r\n");
  });
  garbage("states a negative length",
          [](const Setting& setting) { return WithHead(setting, "content-length: -5\r\n"); });
  garbage("states a length that is no number",
          [](const Setting& setting) { return WithHead(setting, "content-length: 5 bytes\r\n"); });
  garbage("states a length beyond 64 bits", [](const Setting& setting) {
    return WithHead(setting, "content-length: 99999999999999999999\r\n");
  });
  garbage("sends a transfer coding nobody knows",
          [](const Setting& setting) { return WithHead(setting, "transfer-encoding: gzip, chunked\r\n"); });
  garbage("sends 100 interim answers (1xx)", [](const Setting& setting) {
    Script script;
    for (int i = 0; i < 100; ++i) script.Send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    script.Send(
        test::Head(200, {{"Content-Type", ContentType(setting)}, {"Content-Length", Length(setting)}}) +
        GoodBody(setting));
    return script;
  });
  garbage("switches protocols unasked", [](const Setting&) {
    return Script().Send(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  });

  add("sends two interim answers, then a good one", Whole(), [](const Setting& setting) {
    return Script()
        .Send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        .Send(test::Head(200, {{"Content-Type", ContentType(setting)}, {"Content-Length", Length(setting)}}) +
              GoodBody(setting));
  });
  faults.back().reusable = true;
  return faults;
}

}  // namespace portolan::faults
