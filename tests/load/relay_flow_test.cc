// 1 GB up and 1 GB down, relayed: the gateway holds little of it, and whoever does not read holds the sender
// back.

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "portolan/v1/relay_service.grpc.pb.h"
#include "tests/load/plain_client.h"
#include "tests/load/process.h"
#include "tests/support/fake_upstream.h"

namespace portolan::load {
namespace {

constexpr size_t kMegabyte = 1 << 20;
constexpr size_t kPiece = 64 << 10;
constexpr size_t kPieces = 16 << 10;  // 1 GB in all
constexpr size_t kWhole = kPieces * kPiece;
constexpr size_t kMayGrow = 16 * kMegabyte;

// Pieces that differ, so that order shows in a sum.
std::string Piece(size_t number) { return std::string(kPiece, static_cast<char>(1 + number % 251)); }

// Of bytes in their order.
class Sum {
 public:
  void Feed(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != last_) {
        last_ = c;
        sum_ = sum_ * 31 + static_cast<unsigned char>(c) + count_;
      }
      ++count_;
    }
  }
  uint64_t value() const { return sum_ ^ count_; }
  uint64_t count() const { return count_; }

 private:
  char last_ = 0;
  uint64_t sum_ = 0;
  uint64_t count_ = 0;
};

uint64_t ExpectedSum() {
  static const uint64_t sum = [] {
    Sum all;
    for (size_t i = 0; i < kPieces; ++i) all.Feed(Piece(i));
    return all.value();
  }();
  return sum;
}

// Takes one upload after the other on connections of their own, and answers with what it came to. Knows
// bodies with a length and chunked ones.
class Sink {
 public:
  Sink() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Sink() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // From now on, reads only so much of a body until ReadOn().
  void Window(size_t bytes) { window_ = bytes; }
  void ReadOn() {
    window_ = SIZE_MAX;
    window_.notify_all();
  }
  size_t received() const { return received_; }

 private:
  void Run() {
    for (int fd = -1; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      Serve(fd);
      close(fd);
    }
  }

  void Serve(int fd) {
    std::vector<char> buffer(256 << 10);
    std::string input;
    const auto more = [&] {
      const ssize_t got = read(fd, buffer.data(), buffer.size());
      if (got > 0) input.append(buffer.data(), static_cast<size_t>(got));
      return got > 0;
    };
    while (input.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return;
    }
    const bool chunked = input.find("transfer-encoding: chunked") != std::string::npos;
    input.erase(0, input.find("\r\n\r\n") + 4);
    Sum sum;
    received_ = 0;
    while (chunked ? !TakeChunk(&input, &sum) : sum.count() < kWhole) {
      if (!chunked) sum.Feed(std::exchange(input, {}));
      received_ = sum.count();
      for (size_t window = window_; received_ > window; window = window_) window_.wait(window);
      if ((!chunked && sum.count() == kWhole) || more()) continue;
      return;
    }
    const std::string said = std::to_string(sum.value());
    const std::string answer =
        "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(said.size()) + "\r\n\r\n" + said;
    EXPECT_EQ(write(fd, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
  }

  // Takes whole chunks off the input. True at the last one.
  static bool TakeChunk(std::string* input, Sum* sum) {
    size_t at = 0;
    bool last = false;
    while (!last) {
      const size_t line = input->find("\r\n", at);
      if (line == std::string::npos) break;
      size_t size = 0;
      std::from_chars(input->data() + at, input->data() + line, size, 16);
      if (input->size() < line + 2 + size + 2) break;
      sum->Feed(std::string_view(*input).substr(line + 2, size));
      at = line + 2 + size + 2;
      last = size == 0;
    }
    input->erase(0, at);
    return last;
  }

  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<size_t> window_ = SIZE_MAX;
  std::atomic<size_t> received_ = 0;
  std::thread thread_;
};

std::string Head(const std::string& method, const std::string& path, const std::string& host,
                 const std::string& lines) {
  return method + " " + path +
         " HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer k\r\nx-portolan-custom-host: " + host +
         "\r\n" + lines + "\r\n";
}

std::string Chunk(const std::string& data) {
  std::array<char, 32> size;
  std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
  return size.data() + data + "\r\n";
}

std::string ReadAnswer(PlainClient& client) {
  std::string answer;
  std::array<char, 4096> piece;
  while (answer.find("\r\n\r\n") == std::string::npos) {
    const size_t got = client.Read(piece.data(), piece.size());
    if (got == 0) return answer + "(the connection ended)";
    answer.append(piece.data(), got);
  }
  const size_t body = answer.find("\r\n\r\n") + 4;
  const size_t length = std::stoul(answer.substr(answer.find("content-length: ") + 16));
  while (answer.size() < body + length) {
    const size_t got = client.Read(piece.data(), piece.size());
    if (got == 0) return answer + "(the connection ended)";
    answer.append(piece.data(), got);
  }
  return answer.substr(body);
}

class RelayFlow : public testing::Test {
 protected:
  void SetUp() override {
    gateway_.Start({});
    ASSERT_TRUE(gateway_.WaitUntilListening());
    // What a first call takes for good is not what is looked at.
    PlainClient client(gateway_.http(), "");
    ASSERT_TRUE(client.Send("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    std::array<char, 4096> piece;
    ASSERT_GT(client.Read(piece.data(), piece.size()), 0u);
    before_ = gateway_.ResidentBytes();
  }

  double Grown() const {
    return (static_cast<double>(gateway_.ResidentBytes()) - static_cast<double>(before_)) / kMegabyte;
  }
  void ExpectSmall() const { EXPECT_LT(gateway_.ResidentBytes(), before_ + kMayGrow); }

  // Waits until nothing has moved for a while.
  template <typename Count>
  static size_t HeldBack(Count count) {
    size_t last = 0;
    for (int still = 0, i = 0; i < 6000 && still < 50; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const size_t now = count();
      still = now == last && now > 0 ? still + 1 : 0;
      last = now;
    }
    return last;
  }

  Process gateway_{Binary()};
  size_t before_ = 0;
};

TEST_F(RelayFlow, AnUploadOf1GbIsHeldBackByWhoDoesNotRead) {
  Sink sink;
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked);
    sink.Window(kMegabyte);
    PlainClient client(gateway_.http(), "");
    const std::string framing =
        chunked ? "transfer-encoding: chunked\r\n" : "content-length: " + std::to_string(kWhole) + "\r\n";
    ASSERT_TRUE(client.Send(Head("POST", "/v1/uploads/u/parts", sink.url(),
                                 "content-type: application/octet-stream\r\n" + framing)));
    std::atomic<size_t> sent = 0;
    std::thread sender([&] {
      for (size_t i = 0; i < kPieces; ++i) {
        const std::string piece = Piece(i);
        if (!client.Send(chunked ? Chunk(piece) : piece)) break;
        sent += piece.size();
      }
      if (chunked) client.Send("0\r\n\r\n");
    });
    const size_t held = HeldBack([&] { return sent.load(); });
    EXPECT_LT(held, 64 * kMegabyte);
    ExpectSmall();
    std::printf("held back after %zu MB; %.1f MB more memory\n", held / kMegabyte, Grown());
    sink.ReadOn();
    sender.join();
    EXPECT_EQ(ReadAnswer(client), std::to_string(ExpectedSum()));
    ExpectSmall();
  }
}

TEST_F(RelayFlow, AnUploadOf1GbByGrpcTakesLittleMemory) {
  Sink sink;
  const auto stub =
      v1::RelayService::NewStub(grpc::CreateChannel(gateway_.grpc(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.AddMetadata("x-portolan-custom-host", sink.url());
  context.AddMetadata("authorization", "Bearer k");
  const auto stream = stub->Relay(&context);
  v1::RelayRequest request;
  request.mutable_head()->set_method("POST");
  request.mutable_head()->set_path("/v1/uploads/u/parts");
  request.mutable_head()->set_content_type("application/octet-stream");
  ASSERT_TRUE(stream->Write(request));
  for (size_t i = 0; i < kPieces; ++i) {
    request.set_data(Piece(i));
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  std::string body;
  for (v1::RelayReply reply; stream->Read(&reply);) body += reply.data();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(body, std::to_string(ExpectedSum()));
  std::printf("%.1f MB more memory\n", Grown());
  ExpectSmall();
}

TEST_F(RelayFlow, ADownloadOf1GbIsHeldBackByWhoDoesNotRead) {
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked);
    test::FakeUpstream upstream([&](const test::SeenRequest&) {
      const std::string head = chunked ? test::Head(200, {{"transfer-encoding", "chunked"}})
                                       : test::Head(200, {{"content-length", std::to_string(kWhole)}});
      return test::Script()
          .Send(head)
          .Stream([&](size_t number) { return chunked ? test::Chunk(Piece(number)) : Piece(number); },
                  kPieces)
          .Send(chunked ? test::Chunk("") : "");
    });
    PlainClient client(gateway_.http(), "");
    // HTTP/1.0 has no chunks, so that the body is what follows the head.
    std::string head = Head("GET", "/v1/files/f/content", upstream.url(), "");
    head.replace(head.find("HTTP/1.1"), 8, "HTTP/1.0");
    ASSERT_TRUE(client.Send(head));
    ASSERT_TRUE(upstream.WaitForConnections(1));
    const size_t held = HeldBack([&] { return upstream.connection(1).bytes_sent; });
    EXPECT_LT(held, 64 * kMegabyte);
    ExpectSmall();
    std::printf("held back after %zu MB; %.1f MB more memory\n", held / kMegabyte, Grown());
    std::vector<char> piece(256 << 10);
    std::string begin;
    Sum sum;
    while (begin.find("\r\n\r\n") == std::string::npos) {
      const size_t got = client.Read(piece.data(), piece.size());
      ASSERT_GT(got, 0u);
      begin.append(piece.data(), got);
    }
    sum.Feed(std::string_view(begin).substr(begin.find("\r\n\r\n") + 4));
    for (size_t got = 0; sum.count() < kWhole && (got = client.Read(piece.data(), piece.size())) > 0;) {
      sum.Feed({piece.data(), got});
    }
    EXPECT_EQ(sum.value(), ExpectedSum());
    ExpectSmall();
  }
}

TEST_F(RelayFlow, ADownloadOf1GbByGrpcIsHeldBackByWhoDoesNotRead) {
  test::FakeUpstream upstream([](const test::SeenRequest&) {
    return test::Script()
        .Send(test::Head(200, {{"content-length", std::to_string(kWhole)}}))
        .Stream(Piece, kPieces);
  });
  const auto stub =
      v1::RelayService::NewStub(grpc::CreateChannel(gateway_.grpc(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.AddMetadata("x-portolan-custom-host", upstream.url());
  context.AddMetadata("authorization", "Bearer k");
  const auto stream = stub->Relay(&context);
  v1::RelayRequest request;
  request.mutable_head()->set_method("GET");
  request.mutable_head()->set_path("/v1/files/f/content");
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  ASSERT_TRUE(upstream.WaitForConnections(1));
  const size_t held = HeldBack([&] { return upstream.connection(1).bytes_sent; });
  EXPECT_LT(held, 64 * kMegabyte);
  ExpectSmall();
  std::printf("held back after %zu MB; %.1f MB more memory\n", held / kMegabyte, Grown());
  Sum sum;
  for (v1::RelayReply reply; stream->Read(&reply);) sum.Feed(reply.data());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(sum.value(), ExpectedSum());
  ExpectSmall();
}

}  // namespace
}  // namespace portolan::load
