// Bodies that are passed on while they come: how much is held, what happens when one side stops, and that
// nothing is sent twice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr size_t kLarge = 8u << 20;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::string UploadHead(const std::string& host, const std::string& framing) {
  return "POST /v1/uploads/u/parts HTTP/1.1\r\nhost: 127.0.0.1\r\nx-portolan-custom-host: " + host +
         "/v1\r\nauthorization: Bearer k\r\ncontent-type: application/octet-stream\r\n" + framing +
         "\r\n\r\n";
}

std::string Code(const TestAnswer& answer) {
  const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  return body.is_object() ? body["error"].value("code", "") : "not JSON: " + answer.body;
}

FakeUpstream::Handler Ok() {
  return [](const SeenRequest&) { return RespondJson(200, R"({"ok":true})"); };
}

TEST(RelayUpload, EitherFramingArrivesWhole) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
    const std::string body = Bytes(size);
    ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: " + std::to_string(size)) + body));
    EXPECT_EQ(client.ReadAnswer().status, 200) << size;
    EXPECT_TRUE(upstream.requests().back().body == body) << size;

    std::string chunked = UploadHead(upstream.url(), "transfer-encoding: chunked");
    for (size_t at = 0; at < size; at += 50'000) chunked += Chunk(body.substr(at, 50'000));
    // The next request is on its way already.
    chunked += Chunk("");
    ASSERT_TRUE(client.SendRaw(chunked + UploadHead(upstream.url(), "content-length: 2") + "{}"));
    EXPECT_EQ(client.ReadAnswer().status, 200) << size;
    EXPECT_TRUE(upstream.requests().back().body == body || upstream.requests().back().body == "{}") << size;
    EXPECT_EQ(client.ReadAnswer().status, 200) << size;
    EXPECT_EQ(upstream.requests().back().body, "{}");
  }
}

TEST(RelayUpload, ALengthThatIsKnownIsTold) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string body = Bytes(300'000);
  ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: 300000") + body));
  ASSERT_EQ(client.ReadAnswer().status, 200);
  EXPECT_EQ(upstream.requests().at(0).Header("content-length"), "300000");
  EXPECT_EQ(upstream.requests().at(0).CountHeader("transfer-encoding"), 0);
  ASSERT_TRUE(
      client.SendRaw(UploadHead(upstream.url(), "transfer-encoding: chunked") + Chunk(body) + Chunk("")));
  ASSERT_EQ(client.ReadAnswer().status, 200);
  EXPECT_EQ(upstream.requests().at(1).Header("transfer-encoding"), "chunked");
  EXPECT_EQ(upstream.requests().at(1).CountHeader("content-length"), 0);
}

TEST(RelayUpload, AProviderThatReadsNoMoreHoldsTheCallerBack) {
  Latch read_on;
  FakeUpstream upstream(Ok(), {.body_window = 100'000, .read_on = read_on});
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string body = Bytes(4 * kLarge);
  ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: " + std::to_string(body.size()))));
  // What sockets hold besides is the kernel's: some megabytes at most.
  bool held_back = false;
  for (size_t at = 0; at < body.size(); at += 65536) {
    pollfd ready{client.fd(), POLLOUT, 0};
    if (!held_back && poll(&ready, 1, 1000) == 0) {
      held_back = true;
      read_on.Release();
    }
    ASSERT_TRUE(client.SendRaw(std::string_view(body).substr(at, 65536)));
  }
  EXPECT_TRUE(held_back);
  EXPECT_EQ(client.ReadAnswer().status, 200);
  EXPECT_TRUE(upstream.requests().at(0).body == body);
}

TEST(RelayUpload, ABodyThatHasLeftIsNotSentAgain) {
  FakeUpstream upstream(
      [](const SeenRequest&) { return RespondJson(503, R"({"error":{"message":"busy"}})"); });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const Json config = {{"provider", "openai"},
                       {"api_key", "k"},
                       {"custom_host", upstream.url() + "/v1"},
                       {"retry", {{"attempts", 3}}}};
  ASSERT_TRUE(
      client.Send("POST", "/v1/files", Bytes(kLarge),
                  {{"x-portolan-config", config.dump()}, {"content-type", "application/octet-stream"}}));
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"error":{"message":"busy"}})");
  EXPECT_THAT(answer.Header("x-portolan-error"), HasSubstr("\"attempts\":1"));
  EXPECT_THAT(upstream.requests(), SizeIs(1));
}

// Nothing has left yet.
TEST(RelayUpload, AHostThatCannotBeReachedLeavesTheBodyForTheNext) {
  FakeUpstream gone(Ok());
  gone.Stop();
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto at = [](const FakeUpstream& host) {
    return Json{{"provider", "openai"}, {"api_key", "k"}, {"custom_host", host.url() + "/v1"}};
  };
  const Json config = {{"strategy", {{"mode", "fallback"}}}, {"targets", {at(gone), at(upstream)}}};
  const std::string body = Bytes(kLarge);
  ASSERT_TRUE(
      client.Send("POST", "/v1/files", body,
                  {{"x-portolan-config", config.dump()}, {"content-type", "application/octet-stream"}}));
  EXPECT_EQ(client.ReadAnswer().status, 200);
  EXPECT_TRUE(upstream.requests().at(0).body == body);
}

TEST(RelayUpload, AnAnswerThatComesFirstEndsTheUpload) {
  FakeUpstream upstream(
      Ok(), {.on_head = [](const SeenRequest&) {
        return RespondJson(413, R"({"error":{"message":"too large","code":"too_large"}})").Stall();
      }});
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: 1000000000")));
  std::thread sender([&] {
    const std::string part = Bytes(65536);
    for (int i = 0; i < 15'000 && client.SendRaw(part); ++i) {
    }
  });
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(Code(answer), "too_large");
  EXPECT_EQ(answer.Header("connection"), "close");
  sender.join();
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
}

TEST(RelayUpload, ACallerWhoLeavesEndsTheUpload) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  {
    TestClient client(gateway.http_address());
    ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: 1000000") + Bytes(200'000)));
    ASSERT_TRUE(upstream.WaitFor([](const auto& all) { return !all.empty() && all[0].bytes_received > 0; }));
  }
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
  EXPECT_THAT(upstream.requests(), IsEmpty());
}

TEST(RelayUpload, ACallerWhoStopsSendingRunsOutOfItsTime) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  std::string head = UploadHead(upstream.url(), "content-length: 1000000");
  head.insert(head.find("authorization"), "x-portolan-request-timeout: 300\r\n");
  ASSERT_TRUE(client.SendRaw(head + Bytes(200'000)));
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 408) << answer.body;
  EXPECT_EQ(Code(answer), "request_timeout");
  EXPECT_THAT(answer.body, HasSubstr("300 ms"));
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
}

TEST(RelayUpload, BadFramingIsTheCallersFault) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "transfer-encoding: chunked") +
                             Chunk(Bytes(100'000)) + "not a size\r\n"));
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(Code(answer), "malformed_http");
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
}

TEST(RelayUpload, ContinueIsSaidOnceThereIsSomebodyToSendTo) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  ASSERT_TRUE(client.SendRaw(UploadHead(upstream.url(), "content-length: 4\r\nexpect: 100-continue")));
  std::string said;
  while (said.find("\r\n\r\n") == std::string::npos) said += client.ReadRaw();
  EXPECT_EQ(said, "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.SendRaw("body"));
  EXPECT_EQ(client.ReadAnswer().status, 200);
  EXPECT_EQ(upstream.requests().at(0).body, "body");
}

TEST(RelayUpload, JsonIsHeldUpToTheLimitOfBodies) {
  FakeUpstream upstream(Ok());
  config::ServeOptions options;
  options.max_body = 100'000;
  GatewayFixture gateway(options);
  const Headers json = {{"x-portolan-custom-host", upstream.url() + "/v1"}, {"authorization", "Bearer k"}};
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post("/v1/batches", "{\"a\":\"" + std::string(200'000, 'x') + "\"}", json);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(Code(answer), "body_too_large");
  TestClient other(gateway.http_address());
  Headers text = json;
  text.emplace_back("content-type", "text/plain");
  EXPECT_EQ(other.Post("/v1/batches", std::string(200'000, 'x'), text).status, 200);
  EXPECT_THAT(upstream.requests(), SizeIs(1));
}

}  // namespace
}  // namespace portolan::test
