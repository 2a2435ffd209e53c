// What a caller of the gRPC door may send, framed by hand (RFC 9113, RFC 7541).

#include <cstddef>
#include <cstdint>

#include "tests/faults/caller_fault.h"

namespace portolan::faults {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): for texts that hold NUL

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6 };
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kMethod[] = "/portolan.v1.ChatService/CreateChatCompletion";

std::string BigEndian(uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, const std::string& payload) {
  return BigEndian(static_cast<uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + BigEndian(stream, 4) + payload;
}

// A header without compression; both texts are shorter than 127 bytes.
std::string Literal(const std::string& name, const std::string& value) {
  return "\0"s + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}

// `POST http` from the table that everybody knows, and what gRPC wants.
std::string CallHeaders(const std::string& method, const std::string& more) {
  return "\x83\x86" + Literal(":path", method) + Literal(":authority", "a") +
         Literal("content-type", "application/grpc") + more;
}

std::string Opened() { return kPreface + Frame(kSettings, 0, 0, ""); }

std::string Call(const std::string& data, const std::string& method = kMethod,
                 const std::string& more = Literal("te", "trailers")) {
  return Opened() + Frame(kHeaders, kEndHeaders, 1, CallHeaders(method, more)) +
         Frame(kData, kEndStream, 1, data);
}

std::string Message(const std::string& bytes, char flag = 0) {
  return flag + BigEndian(static_cast<uint32_t>(bytes.size()), 4) + bytes;
}

std::string OpenedAndReset(int streams) {
  std::string all = Opened();
  for (uint32_t id = 1; id < 2 * static_cast<uint32_t>(streams); id += 2) {
    all += Frame(kHeaders, kEndHeaders, id, CallHeaders(kMethod, Literal("te", "trailers"))) +
           Frame(kReset, 0, id, BigEndian(8, 4));
  }
  return all;
}

std::string Pings(int count) {
  std::string all = Opened();
  for (int i = 0; i < count; ++i) all += Frame(kPing, 0, 0, "12345678");
  return all;
}

}  // namespace

std::vector<RpcCallerFault> RpcCallerFaults() {
  constexpr auto kCloses = std::nullopt;
  // The first bytes of a good request, whose model is `echo/echo`.
  const std::string good = "\n\x09" + "echo/echo"s;
  return {
      {"speaks HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", kCloses},
      {"speaks TLS on a plain port", "\x16\x03\x01\x00\x05hello"s + std::string(64, 'a'), kCloses},
      {"goes on with something else behind the preface", kPreface + std::string(1000, 'x'), kCloses},
      {"announces a frame of 16 MB", Opened() + "\xff\xff\xff\x00\x00\x00\x00\x00\x01"s, kCloses},
      {"breaks the compression of headers",
       Opened() + Frame(kHeaders, kEndHeaders | kEndStream, 1, std::string(20, '\xff')), kCloses},
      {"sends 20,000 pings", Pings(20'000), kCloses},
      {"opens 2,000 calls and resets each", OpenedAndReset(2000), grpc::OK},
      {"sends data of a call that it did not open", Opened() + Frame(kData, 0, 1, Message(good)), grpc::OK},
      {"sends bytes that are no message", Call(Message("\xff\xff\xff")), grpc::INVALID_ARGUMENT},
      {"ends in the middle of a message", Call(Message(good).substr(0, 8)), grpc::INVALID_ARGUMENT},
      {"compresses a message with something unknown",
       Call(Message("a", 1), kMethod, Literal("te", "trailers") + Literal("grpc-encoding", "zz")),
       grpc::INVALID_ARGUMENT},
      {"calls a method that is not there", Call(Message(good), "/portolan.v1.ChatService/Nothing"),
       grpc::UNIMPLEMENTED},
      {"leaves `te` out", Call(Message(good), kMethod, ""), grpc::UNKNOWN},
  };
}

}  // namespace portolan::faults
