// The framing of AWS's streams: lengths, checksums and headers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html

#include "tests/faults/fault.h"
#include "tests/integration/support/aws_testing.h"

namespace portolan::faults {
namespace {

using test::AwsFrameStating;
using test::Script;

constexpr uint32_t kPrelude = 12;
constexpr uint32_t kFrame = 16;  // of a message with neither headers nor payload

// What is to be spoilt: it has the second half of the text.
std::string Message() { return GoodEvents(Dialect::kBedrock)[2]; }
std::string HeadersAndPayload() { return Message().substr(kPrelude, Message().size() - kFrame); }

uint32_t SizeOf(const std::string& bytes) { return static_cast<uint32_t>(bytes.size()); }

// A message with these headers, whose lengths are true.
std::string WithHeaders(const std::string& headers) {
  const std::string payload = "{}";
  return AwsFrameStating(kFrame + SizeOf(headers) + SizeOf(payload), SizeOf(headers), headers + payload);
}

// The good stream with `message` in the place of its second half of the text.
std::string Spoilt(const std::string& message) {
  std::vector<std::string> events = GoodEvents(Dialect::kBedrock);
  events[2] = message;
  return Joined(events);
}

std::string WrongMessageCrc() {
  std::string message = Message();
  message.back() = static_cast<char>(message.back() ^ 1);
  return message;
}

// Only this checksum is wrong: the one of all before it counts it as it stands.
std::string WrongPreludeCrc() {
  std::string message = Message().substr(0, Message().size() - 4);
  message[kPrelude - 1] = static_cast<char>(message[kPrelude - 1] ^ 1);
  return message + test::AwsCrc(message);
}

}  // namespace

std::vector<Fault> AwsFramingFaults() {
  std::vector<Fault> faults;
  const auto add = [&](std::string name, Outcome outcome, const std::string& bytes) {
    Fault fault{"AWS's event stream", std::move(name), NotAsked(), std::move(outcome), [=](const Setting& s) {
                  return test::Respond(200, bytes, {{"Content-Type", ContentType(s)}});
                }};
    fault.reusable = true;
    faults.push_back(fault.Only({Dialect::kBedrock}));
  };
  const auto broken = [&](std::string name, const std::string& message) {
    add(std::move(name), Breaks("upstream_invalid_answer", grpc::UNAVAILABLE), Spoilt(message));
  };
  const std::string inside = HeadersAndPayload();
  const uint32_t size = SizeOf(Message());

  broken("has a wrong checksum over the lengths", WrongPreludeCrc());
  broken("has a wrong checksum over a message", WrongMessageCrc());
  broken("states a length shorter than the message", AwsFrameStating(size - 1, 0, inside));
  broken("states a length longer than the message", AwsFrameStating(size + 1, 0, inside));
  broken("states a length that ends where a later message does",
         AwsFrameStating(size + SizeOf(GoodEvents(Dialect::kBedrock)[3]), 0, inside));
  broken("states a length of less than the framing itself", AwsFrameStating(kFrame - 1, 0, inside));
  broken("states a length of nothing", AwsFrameStating(0, 0, inside));
  broken("states a length of 4 GB", AwsFrameStating(0xffffffff, 0, inside));
  broken("states headers longer than the message", AwsFrameStating(size, size, inside));
  broken("has a header that is longer than the headers", WithHeaders("\x0b:event"));
  broken("has a header of a type that nobody knows", WithHeaders("\x01x\x0a"));
  broken("goes on in another framing", "data: {\"contentBlockStop\":{\"contentBlockIndex\":0}}\n\n");
  add("spoils its first message", BadGateway("upstream_invalid_answer"),
      WrongMessageCrc() + Joined(GoodEvents(Dialect::kBedrock)));
  // Cut in good framing of HTTP.
  const std::string text = UntilText(Dialect::kBedrock);
  const auto cut = [&](std::string name, uint32_t bytes) {
    add(std::move(name), Breaks("upstream_truncated", grpc::UNAVAILABLE), text + Message().substr(0, bytes));
  };
  cut("ends after a byte of a message", 1);
  cut("ends before the checksum over the lengths is whole", kPrelude - 1);
  cut("ends after the lengths of a message", kPrelude);
  cut("ends a byte before the end of a message", size - 1);
  return faults;
}

}  // namespace portolan::faults
