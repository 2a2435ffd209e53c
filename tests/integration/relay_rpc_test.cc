// The rpc by which callers reach what has no rpc of its own.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "portolan/v1/relay_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Relayed {
  grpc::Status status;
  v1::RelayReplyHead head;
  std::string body;
  std::multimap<std::string, std::string> metadata;
};

class RelayRpc : public ::testing::Test {
 protected:
  RelayRpc()
      : stub_(v1::RelayService::NewStub(
            grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()))) {}

  std::unique_ptr<grpc::ClientContext> Context(const FakeUpstream& upstream) const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata("x-portolan-custom-host", upstream.url() + "/v1");
    context->AddMetadata("authorization", "Bearer k");
    return context;
  }

  static v1::RelayRequest Head(const std::string& method, const std::string& path,
                               const std::string& content_type = "") {
    v1::RelayRequest request;
    request.mutable_head()->set_method(method);
    request.mutable_head()->set_path(path);
    request.mutable_head()->set_content_type(content_type);
    return request;
  }

  static v1::RelayRequest Data(const std::string& data) {
    v1::RelayRequest request;
    request.set_data(data);
    return request;
  }

  Relayed Call(const FakeUpstream& upstream, const std::vector<v1::RelayRequest>& parts) {
    const auto context = Context(upstream);
    const auto stream = stub_->Relay(context.get());
    for (const v1::RelayRequest& part : parts) {
      if (!stream->Write(part)) break;
    }
    stream->WritesDone();
    Relayed relayed;
    v1::RelayReply reply;
    bool first = true;
    while (stream->Read(&reply)) {
      EXPECT_EQ(reply.has_head(), std::exchange(first, false));
      if (reply.has_head()) relayed.head = reply.head();
      relayed.body += reply.data();
    }
    relayed.status = stream->Finish();
    for (const auto& [name, value] : context->GetServerInitialMetadata()) {
      relayed.metadata.emplace(std::string(name.data(), name.size()),
                               std::string(value.data(), value.size()));
    }
    return relayed;
  }

  GatewayFixture gateway_;
  std::unique_ptr<v1::RelayService::Stub> stub_;
};

TEST_F(RelayRpc, PassesHeadAndBodyBothWays) {
  FakeUpstream upstream([](const SeenRequest&) {
    return Respond(201, std::string("\0\xFF made", 7), {{"content-type", "audio/mpeg"}, {"etag", "\"1\""}});
  });
  const std::string body("\0\x80 form", 7);
  const Relayed relayed = Call(upstream, {Head("POST", "/v1/files?x=1", "multipart/form-data; boundary=b"),
                                          Data(body.substr(0, 3)), Data(""), Data(body.substr(3))});
  EXPECT_TRUE(relayed.status.ok()) << relayed.status.error_message();
  EXPECT_EQ(relayed.head.status(), 201);
  EXPECT_EQ(relayed.head.content_type(), "audio/mpeg");
  EXPECT_EQ(relayed.head.content_length(), 7u);
  EXPECT_EQ(relayed.body, std::string("\0\xFF made", 7));
  EXPECT_EQ(relayed.metadata.count("etag"), 1u);
  EXPECT_EQ(relayed.metadata.find("x-portolan-provider")->second, "openai");
  const SeenRequest seen = upstream.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/files?x=1");
  EXPECT_EQ(seen.Header("content-type"), "multipart/form-data; boundary=b");
  EXPECT_EQ(seen.Header("authorization"), "Bearer k");
  EXPECT_EQ(seen.body, body);
}

TEST_F(RelayRpc, ACallWithoutABodyIsMadeAtOnce) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, R"({"data":[]})"); });
  for (const char* method : {"GET", "DELETE"}) {
    const auto context = Context(upstream);
    const auto stream = stub_->Relay(context.get());
    ASSERT_TRUE(stream->Write(Head(method, "/v1/files/f")));
    // Nobody has said that nothing follows.
    v1::RelayReply reply;
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_EQ(reply.head().status(), 200);
    stream->WritesDone();
    while (stream->Read(&reply)) {
    }
    EXPECT_TRUE(stream->Finish().ok());
    EXPECT_EQ(upstream.requests().back().method, method);
  }
}

TEST_F(RelayRpc, LargeBodiesPassWholeAndTheirLengthIsTold) {
  FakeUpstream upstream([](const SeenRequest& request) { return Respond(200, request.body); });
  std::vector<v1::RelayRequest> parts = {Head("PUT", "/v1/uploads/u", "application/octet-stream")};
  std::string whole;
  for (size_t i = 0; i < 40; ++i) {
    const std::string part(100'000 + i, static_cast<char>('a' + i % 26));
    whole += part;
    parts.push_back(Data(part));
  }
  for (const bool tell : {true, false}) {
    if (tell) parts[0].mutable_head()->set_content_length(whole.size());
    if (!tell) parts[0].mutable_head()->clear_content_length();
    const Relayed relayed = Call(upstream, parts);
    EXPECT_TRUE(relayed.status.ok());
    EXPECT_TRUE(relayed.body == whole);
    EXPECT_EQ(upstream.requests().back().Header("content-length"), tell ? std::to_string(whole.size()) : "");
  }
}

TEST_F(RelayRpc, EventsComeAsTheyAreSent) {
  Latch go;
  FakeUpstream upstream([&](const SeenRequest&) {
    return Script()
        .Send(test::Head(200, {{"content-type", "text/event-stream"}, {"transfer-encoding", "chunked"}}))
        .Send(Chunk("data: 1\n\n"))
        .Hold(go)
        .Send(Chunk("data: 2\n\n") + Chunk(""));
  });
  const auto context = Context(upstream);
  const auto stream = stub_->Relay(context.get());
  ASSERT_TRUE(stream->Write(Head("POST", "/v1/threads/t/runs", "application/json")));
  ASSERT_TRUE(stream->Write(Data(R"({"stream":true})")));
  stream->WritesDone();
  v1::RelayReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.head().content_type(), "text/event-stream");
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.data(), "data: 1\n\n");
  go.Release();
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.data(), "data: 2\n\n");
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(RelayRpc, WhatTheProviderRefusesIsAnAnswer) {
  FakeUpstream upstream(
      [](const SeenRequest&) { return RespondJson(404, R"({"error":{"message":"No such File"}})"); });
  const Relayed relayed = Call(upstream, {Head("GET", "/v1/files/none")});
  EXPECT_TRUE(relayed.status.ok());
  EXPECT_EQ(relayed.head.status(), 404);
  EXPECT_EQ(relayed.body, R"({"error":{"message":"No such File"}})");
}

TEST_F(RelayRpc, WhatTheGatewayRefusesIsAStatus) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, "{}"); });
  struct Case {
    std::vector<v1::RelayRequest> parts;
    grpc::StatusCode code;
    std::string message;
  };
  v1::RelayRequest longer = Head("POST", "/v1/files", "text/plain");
  longer.mutable_head()->set_content_length(2);
  v1::RelayRequest header = Head("POST", "/v1/files", "text/plain\r\nx: y");
  const std::vector<Case> cases = {
      {{}, grpc::StatusCode::INVALID_ARGUMENT, "before its first message"},
      {{Data("x")}, grpc::StatusCode::INVALID_ARGUMENT, "must be a head"},
      {{Head("GET", "/v1/a/../b")}, grpc::StatusCode::INVALID_ARGUMENT, "dots"},
      {{Head("GET", "/v1/a b")}, grpc::StatusCode::INVALID_ARGUMENT, "percent-encoded"},
      {{Head("GET", "/v2/files")}, grpc::StatusCode::NOT_FOUND, "no GET /v2/files"},
      {{Head("CONNECT", "/v1/files")}, grpc::StatusCode::UNIMPLEMENTED, "takes GET"},
      {{header, Data("x")}, grpc::StatusCode::INVALID_ARGUMENT, "values of headers"},
      {{longer, Data("xyz")}, grpc::StatusCode::INVALID_ARGUMENT, "longer than its content_length"},
      {{longer, Data("x")}, grpc::StatusCode::INVALID_ARGUMENT, "shorter than its content_length"},
      {{Head("POST", "/v1/files", "text/plain"), Head("POST", "/v1/files")},
       grpc::StatusCode::INVALID_ARGUMENT,
       "must be data"},
  };
  for (const Case& each : cases) {
    const Relayed relayed = Call(upstream, each.parts);
    EXPECT_EQ(relayed.status.error_code(), each.code) << each.message;
    EXPECT_THAT(relayed.status.error_message(), HasSubstr(each.message));
  }
  EXPECT_THAT(upstream.requests(), IsEmpty());
}

TEST_F(RelayRpc, TypedOptionsSayWhereItGoes) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, "{}"); });
  grpc::ClientContext context;
  const auto stream = stub_->Relay(&context);
  v1::RelayRequest head = Head("GET", "/v1/files");
  head.mutable_head()->mutable_portolan()->set_custom_host(upstream.url() + "/v1");
  ASSERT_TRUE(stream->Write(head));
  stream->WritesDone();
  v1::RelayReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.head().status(), 200);
  while (stream->Read(&reply)) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(upstream.requests(), SizeIs(1));
}

TEST_F(RelayRpc, ACallerWhoLeavesEndsTheCall) {
  FakeUpstream upstream([](const SeenRequest&) { return Script().Stall(); });
  {
    const auto context = Context(upstream);
    const auto stream = stub_->Relay(context.get());
    ASSERT_TRUE(stream->Write(Head("POST", "/v1/files", "text/plain")));
    ASSERT_TRUE(stream->Write(Data(std::string(100'000, 'x'))));
    ASSERT_TRUE(upstream.WaitFor([](const auto& all) { return !all.empty() && all[0].bytes_received > 0; }));
    context->TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
}

}  // namespace
}  // namespace portolan::test
