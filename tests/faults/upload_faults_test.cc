// Every fault while a body is passed on as it comes, in both framings, over TCP and TLS: the caller is told,
// and an upstream never takes a part of a body for the whole.

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "tests/faults/caller.h"
#include "tests/faults/test_name.h"
#include "tests/faults/upload_fault.h"

namespace portolan::faults {
namespace {

using Does = UploadFault::Caller;
using Kind = Outcome::Kind;

// More than the gateway and the sockets on both sides of it hold.
constexpr size_t kAll = 64u << 20;
constexpr size_t kPart = 200'000;
// What an upstream that reads to the end is sent.
constexpr size_t kSmall = 1u << 20;

const test::TestAuthority& UploadAuthority() {
  static const test::TestAuthority authority;
  return authority;
}

std::string ConfigFor(const Outcome& outcome) {
  if (outcome.code == "upstream_idle_timeout") return R"({"idle_timeout":300})";
  if (outcome.code == "upstream_first_byte_timeout") return R"({"first_byte_timeout":300})";
  if (outcome.code == "request_timeout") return R"({"request_timeout":300})";
  return "{}";
}

enum class Framing { kLength, kChunks };

// A caller that sends a body in pieces.
class Uploader {
 public:
  Uploader(const std::string& gateway, Framing framing, size_t size)
      : client_(gateway), framing_(framing), size_(size) {}

  void SendHead(const std::string& upstream, const std::string& config) {
    const std::string framing = framing_ == Framing::kLength ? "content-length: " + std::to_string(size_)
                                                             : "transfer-encoding: chunked";
    client_.SendRaw("POST /v1/uploads/u/parts HTTP/1.1\r\nhost: 127.0.0.1\r\nx-portolan-custom-host: " +
                    upstream + "/v1\r\nx-portolan-config: " + config +
                    "\r\nauthorization: Bearer sk-caller\r\ncontent-type: application/octet-stream\r\n" +
                    framing + "\r\n\r\n");
  }
  // False once the connection is gone.
  bool Send(size_t size) {
    const std::string bytes(size, 'x');
    sent_ += size;
    return client_.SendRaw(framing_ == Framing::kLength ? bytes : test::Chunk(bytes));
  }
  void SendTheRest() {
    bool open = true;
    while (open && sent_ < size_) open = Send(std::min(kPart, size_ - sent_));
    if (open && framing_ == Framing::kChunks) client_.SendRaw(test::Chunk(""));
  }
  test::TestClient& client() { return client_; }

 private:
  test::TestClient client_;
  const Framing framing_;
  const size_t size_;
  size_t sent_ = 0;
};

void CheckUpload(const Outcome& want, const test::TestAnswer& answer) {
  if (want.kind == Kind::kCut) {
    if (answer.status == 200) {
      EXPECT_FALSE(answer.complete) << "half an answer looks whole";
      return;
    }
    EXPECT_EQ(answer.status, 502);
  } else {
    EXPECT_EQ(answer.status, want.status) << answer.body;
  }
  EXPECT_TRUE(answer.complete);
  const auto document = nlohmann::json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  const auto error = document.is_object() ? document.value("error", nlohmann::json::object()) : document;
  ASSERT_TRUE(error.is_object()) << answer.body;
  EXPECT_EQ(error.value("code", ""), want.code) << answer.body;
  // An error that passes untouched says whose fault it is in a header.
  const std::string header = answer.Header("x-portolan-error");
  const auto told = header.empty() ? error.value("portolan", nlohmann::json::object())
                                   : nlohmann::json::parse(header, nullptr, false);
  ASSERT_TRUE(told.is_object()) << header;
  EXPECT_EQ(told.value("class", ""), want.error_class);
}

class UploadFaultsTest : public testing::TestWithParam<UploadFault> {
 protected:
  static void SetUpTestSuite() {
    signal(SIGPIPE, SIG_IGN);  // as the gateway's own main does: OpenSSL writes to connections that are gone
    config::ServeOptions options;
    options.upstream_ca = UploadAuthority().ca_file();
    gateway_ = new test::GatewayFixture(options);
  }
  static void TearDownTestSuite() { delete gateway_; }

  static void Run(const UploadFault& fault, Framing framing, Transport transport) {
    SCOPED_TRACE(std::string(framing == Framing::kLength ? "length" : "chunks") +
                 (transport == Transport::kTls ? ", TLS" : ", TCP"));
    test::Latch begun;
    test::FakeUpstream::Options options;
    if (transport == Transport::kTls) options.tls = UploadAuthority().Good();
    if (fault.on_head) options.on_head = [&](const test::SeenRequest&) { return fault.on_head(begun); };
    test::FakeUpstream upstream(
        [&](const test::SeenRequest&) {
          return fault.answer ? fault.answer() : test::RespondJson(200, "{}");
        },
        options);
    Uploader uploader(gateway_->http_address(), framing, fault.answer ? kSmall : kAll);
    uploader.SendHead(upstream.url(), ConfigFor(fault.outcome));
    uploader.Send(kPart);
    begun.Release();
    Act(fault, upstream, &uploader);
    if (fault.outcome.kind == Kind::kNotAsked) {
      EXPECT_TRUE(upstream.WaitForClientToLeave(1));
    }
    EXPECT_EQ(upstream.requests().size(), fault.answer ? 1U : 0U)
        << "the body was taken for whole, or sent twice";
    EXPECT_EQ(upstream.connections().size(), 1U);
  }

  static void Act(const UploadFault& fault, const test::FakeUpstream& upstream, Uploader* uploader) {
    test::TestClient& client = uploader->client();
    const auto some_came = [](const auto& all) { return !all.empty() && all[0].bytes_received > 0; };
    std::thread sender;
    switch (fault.caller) {
      case Does::kSendsAll:
        sender = std::thread([&] { uploader->SendTheRest(); });
        break;
      case Does::kLeavesAtAnswer:
        uploader->SendTheRest();
        EXPECT_EQ(client.ReadHead().status, 200);
        return client.Close();
      case Does::kLeaves:
      case Does::kResets:
        EXPECT_TRUE(upstream.WaitFor(some_came));
        return client.Close(/*reset=*/fault.caller == Does::kResets);
      case Does::kBreaksChunk:
        // Behind what has been passed on: what comes whole with a head is read before anybody is called.
        EXPECT_TRUE(upstream.WaitFor(some_came));
        client.SendRaw("not a size\r\n");
        break;
      case Does::kStalls:
        break;
    }
    CheckUpload(fault.outcome, client.ReadAnswer());
    if (sender.joinable()) sender.join();
  }

  static test::GatewayFixture* gateway_;
};

test::GatewayFixture* UploadFaultsTest::gateway_ = nullptr;

TEST_P(UploadFaultsTest, AreToldAndNothingIsTakenForWhole) {
  const UploadFault& fault = GetParam();
  std::vector<std::thread> calls;
  for (const Transport transport : {Transport::kTcp, Transport::kTls}) {
    for (const Framing framing : {Framing::kLength, Framing::kChunks}) {
      if (fault.caller == Does::kBreaksChunk && framing == Framing::kLength) continue;
      calls.emplace_back([&fault, framing, transport] { Run(fault, framing, transport); });
    }
  }
  for (std::thread& call : calls) call.join();
  EXPECT_EQ(test::TestClient(gateway_->http_address()).Get("/healthz").status, 200);
}

INSTANTIATE_TEST_SUITE_P(All, UploadFaultsTest, testing::ValuesIn(UploadFaults()),
                         [](const auto& test) { return TestName("Where", test.param.name); });

}  // namespace

// Printed where a test fails.
void PrintTo(const UploadFault& fault, std::ostream* out) { *out << fault.name; }

}  // namespace portolan::faults
