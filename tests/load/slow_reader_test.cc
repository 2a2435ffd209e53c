// A caller that stops reading a stream of 1 GB: the gateway holds the upstream back and grows by little; when
// the caller reads on, it gets all of it, in order.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/load/plain_client.h"
#include "tests/load/process.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/test_certificates.h"

namespace portolan::load {
namespace {

constexpr size_t kMegabyte = 1 << 20;
constexpr size_t kEvents = 16 << 10;
constexpr size_t kContentBytes = 64 << 10;  // of each event: 1 GB in all
constexpr size_t kReadFirst = 16;           // events, before the caller stops
constexpr size_t kMayGrow = 16 * kMegabyte;

// The nth event's text starts with its number, so that order and number show.
std::string ContentOf(size_t number) {
  std::string text = std::to_string(number) + ":";
  text.resize(kContentBytes, static_cast<char>('a' + number % 26));
  return text;
}

std::string Event(size_t number) {
  return R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":")" +
         ContentOf(number) + "\"}}]}\n\n";
}

test::Script Endless() {
  constexpr char kLast[] =
      R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
      "\n\ndata: [DONE]\n\n";
  return test::Script()
      .Send(test::Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}}))
      .Stream([](size_t number) { return test::Chunk(Event(number)); }, kEvents)
      .Send(test::Chunk(kLast) + test::Chunk(""));
}

// FNV-1a over 8 bytes at a time, of what is fed in any pieces.
class Hash {
 public:
  void Feed(std::string_view bytes) {
    for (const char c : bytes) {
      word_ = word_ << 8 | static_cast<unsigned char>(c);
      if (++filled_ % 8 == 0) Mix();
    }
  }
  uint64_t value() {
    Mix();
    return hash_ + filled_;
  }

 private:
  void Mix() {
    hash_ = (hash_ ^ word_) * 0x100000001B3;
    word_ = 0;
  }
  uint64_t hash_ = 0xCBF29CE484222325;
  uint64_t word_ = 0;
  size_t filled_ = 0;
};

uint64_t ExpectedHash() {
  static const uint64_t hash = [] {
    Hash all;
    for (size_t i = 0; i < kEvents; ++i) all.Feed(ContentOf(i));
    return all.value();
  }();
  return hash;
}

// Reads the events of a stream, one after the other.
class Reader {
 public:
  virtual ~Reader() = default;
  // The text of the next event that has one; empty at the end.
  virtual std::string Next() = 0;
  std::string failure;  // if that was no good end
};

class RestReader final : public Reader {
 public:
  RestReader(const Process& gateway, const std::string& ca_file, const std::string& upstream)
      : client_(gateway.http(), ca_file) {
    const std::string body =
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":"all of it"}]})";
    EXPECT_TRUE(
        client_.Send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-portolan-provider: "
                     "openai\r\nauthorization: Bearer k\r\nx-portolan-custom-host: " +
                     upstream + "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
    EXPECT_EQ(Line(), "HTTP/1.1 200 OK");
    while (!Line().empty()) {
    }
  }

  std::string Next() override {
    // The framing's chunks need not end where events do.
    for (;;) {
      const size_t end = events_.find("\n\n", at_);
      if (end == std::string::npos) {
        events_.erase(0, std::exchange(at_, 0));
        if (MoreEvents()) continue;
        failure = "the stream broke";
        return {};
      }
      const std::string_view event = std::string_view(events_).substr(at_, end - at_);
      at_ = end + 2;
      if (event == "data: [DONE]") return {};
      constexpr std::string_view kBefore = R"("content":")";
      const size_t text = event.find(kBefore);
      if (text == std::string_view::npos) continue;
      const size_t begin = text + kBefore.size();
      return std::string(event.substr(begin, event.find('"', begin) - begin));
    }
  }

 private:
  bool More() {
    input_.erase(0, std::exchange(used_, 0));
    const size_t got = client_.Read(piece_.data(), piece_.size());
    input_.append(piece_.data(), got);
    return got != 0;
  }
  std::string Line() {
    size_t end = 0;
    while ((end = input_.find("\r\n", used_)) == std::string::npos) {
      if (!More()) return "(the connection ended)";
    }
    std::string line = input_.substr(used_, end - used_);
    used_ = end + 2;
    return line;
  }
  bool MoreEvents() {
    const std::string line = Line();
    size_t size = 0;
    const auto [rest, problem] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (problem != std::errc() || rest != line.data() + line.size() || size == 0) return false;
    while (input_.size() - used_ < size + 2) {
      if (!More()) return false;
    }
    events_.append(input_, used_, size);
    used_ += size + 2;
    return true;
  }

  PlainClient client_;
  std::array<char, 256 << 10> piece_;
  std::string input_;   // from the connection
  size_t used_ = 0;     // of input_
  std::string events_;  // without framing
  size_t at_ = 0;       // in events_
};

class GrpcReader final : public Reader {
 public:
  GrpcReader(const Process& gateway, const std::string& ca_file, const std::string& upstream) {
    auto credentials = grpc::InsecureChannelCredentials();
    if (!ca_file.empty()) {
      std::stringstream pem;
      pem << std::ifstream(ca_file).rdbuf();
      credentials = grpc::SslCredentials({pem.str(), {}, {}});
    }
    stub_ = v1::ChatService::NewStub(grpc::CreateChannel(gateway.grpc(), credentials));
    context_.set_wait_for_ready(true);
    context_.AddMetadata("x-portolan-provider", "openai");
    context_.AddMetadata("x-portolan-custom-host", upstream);
    context_.AddMetadata("authorization", "Bearer k");
    v1::ChatCompletionRequest request;
    request.set_model("m");
    auto* message = request.add_messages();
    message->set_role("user");
    message->mutable_content()->set_text("all of it");
    stream_ = stub_->StreamChatCompletion(&context_, request);
  }
  ~GrpcReader() override { context_.TryCancel(); }

  std::string Next() override {
    v1::ChatCompletionChunk chunk;
    while (stream_->Read(&chunk)) {
      const std::string& text = chunk.choices(0).delta().content();
      if (!text.empty()) return text;
    }
    const grpc::Status status = stream_->Finish();
    if (!status.ok()) failure = status.error_message();
    return {};
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::ChatService::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<v1::ChatCompletionChunk>> stream_;
};

// Until the upstream has sent nothing more for a while: everything on the way is full. What it has sent.
size_t WaitUntilHeldBack(const test::FakeUpstream& upstream) {
  using std::chrono::milliseconds;
  size_t last = 0;
  int still = 0;
  for (int i = 0; i < 2000 && still < 30; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    const size_t sent = upstream.connection(1).bytes_sent;
    still = sent == last ? still + 1 : 0;
    last = sent;
  }
  return last;
}

struct Case {
  const char* name;
  bool grpc;
  bool tls;  // of the door and of the upstream
};

class SlowReader : public testing::TestWithParam<Case> {};

TEST_P(SlowReader, HoldsTheUpstreamBackAndGetsAllOfIt) {
  const bool tls = GetParam().tls;
  const test::TestAuthority authority;
  test::FakeUpstream::Options options;
  if (tls) options.tls = authority.Good();
  test::FakeUpstream upstream([](const test::SeenRequest&) { return Endless(); }, options);

  Process gateway(Binary());
  std::vector<std::string> flags = {"--upstream-ca", authority.ca_file()};
  const test::TestCertificate own = authority.Good();
  if (tls) flags.insert(flags.end(), {"--tls-cert", own.certificate_file, "--tls-key", own.key_file});
  gateway.Start(flags);
  ASSERT_TRUE(gateway.WaitUntilListening());

  const std::string ca_file = tls ? authority.ca_file() : "";
  std::unique_ptr<Reader> reader;
  if (GetParam().grpc) {
    reader = std::make_unique<GrpcReader>(gateway, ca_file, upstream.url());
  } else {
    reader = std::make_unique<RestReader>(gateway, ca_file, upstream.url());
  }
  Hash seen;
  for (size_t i = 0; i < kReadFirst; ++i) {
    const std::string text = reader->Next();
    ASSERT_NE(text, "") << reader->failure;
    seen.Feed(text);
  }
  const size_t before = gateway.ResidentBytes();

  const size_t sent = WaitUntilHeldBack(upstream);
  const size_t after = gateway.ResidentBytes();
  // What sockets hold on the way is the kernel's.
  EXPECT_LT(sent, 64 * kMegabyte);
  EXPECT_LT(after, before + kMayGrow);
  std::printf("%s: held back after %zu MB; %.1f MB more memory\n", GetParam().name, sent / kMegabyte,
              (static_cast<double>(after) - static_cast<double>(before)) / kMegabyte);

  size_t events = kReadFirst;
  for (std::string text = reader->Next(); !text.empty() && events <= kEvents; text = reader->Next()) {
    seen.Feed(text);
    ++events;
  }
  EXPECT_EQ(reader->failure, "");
  EXPECT_EQ(events, kEvents);
  EXPECT_EQ(seen.value(), ExpectedHash());
  EXPECT_LT(gateway.ResidentBytes(), before + kMayGrow);
}

INSTANTIATE_TEST_SUITE_P(All, SlowReader,
                         testing::Values(Case{"RestOverTcp", false, false}, Case{"RestOverTls", false, true},
                                         Case{"GrpcOverTcp", true, false}, Case{"GrpcOverTls", true, true}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace portolan::load
