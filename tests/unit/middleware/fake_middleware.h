#pragma once

// A real gRPC server with a middleware that a test scripts, and what is needed to ask it.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "portolan/middleware/v1/middleware.grpc.pb.h"
#include "server/middleware/grpc/grpc_middleware.h"
#include "tests/support/eventually.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::middleware {

// What came with an rpc.
using Metadata = std::multimap<std::string, std::string>;

// Each rpc is answered by the function of its name; those without one say OK. The functions are set before
// the server is called.
class FakeMiddleware : public v1::Middleware::Service {
 public:
  template <typename Request, typename Answer>
  using Unary = std::function<grpc::Status(grpc::ServerContext&, const Request&, Answer&)>;
  using Stream = grpc::ServerReaderWriter<v1::ChunkVerdict, v1::ChunkEvent>;

  Unary<v1::DescribeRequest, v1::DescribeResponse> describe;
  Unary<v1::RequestEvent, v1::Verdict> request;
  Unary<v1::ResponseEvent, v1::Verdict> response;
  Unary<v1::EndEvent, v1::EndAck> end;
  std::function<grpc::Status(grpc::ServerContext&, Stream&)> stream;

  std::atomic<int> describes = 0;
  std::atomic<int> requests = 0;
  std::atomic<int> left = 0;  // rpcs other than Describe that are over

  grpc::Status Describe(grpc::ServerContext* context, const v1::DescribeRequest* asked,
                        v1::DescribeResponse* answer) override {
    ++describes;
    return describe ? describe(*context, *asked, *answer) : grpc::Status::OK;
  }
  grpc::Status HandleRequest(grpc::ServerContext* context, const v1::RequestEvent* asked,
                             v1::Verdict* answer) override {
    ++requests;
    return Left(request ? request(*context, *asked, *answer) : grpc::Status::OK);
  }
  grpc::Status HandleResponse(grpc::ServerContext* context, const v1::ResponseEvent* asked,
                              v1::Verdict* answer) override {
    return Left(response ? response(*context, *asked, *answer) : grpc::Status::OK);
  }
  grpc::Status HandleEnd(grpc::ServerContext* context, const v1::EndEvent* asked,
                         v1::EndAck* answer) override {
    return Left(end ? end(*context, *asked, *answer) : grpc::Status::OK);
  }
  grpc::Status HandleStream(grpc::ServerContext* context, Stream* events) override {
    return Left(stream ? stream(*context, *events) : grpc::Status::OK);
  }

 private:
  grpc::Status Left(grpc::Status status) {
    ++left;
    return status;
  }
};

// Ends when the caller is gone, which it tells.
inline grpc::Status UntilCancelled(grpc::ServerContext& context) {
  EXPECT_TRUE(test::Eventually([&] { return context.IsCancelled(); }));
  return grpc::Status::CANCELLED;
}

// A server on loopback while it lives.
class Host {
 public:
  explicit Host(
      grpc::Service& service, int port = 0,
      const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials, &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(-1);
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    EXPECT_NE(server, nullptr);
  }
  ~Host() {
    // What it still serves is cancelled.
    server->Shutdown(std::chrono::system_clock::now());
    server->Wait();
  }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  std::unique_ptr<grpc::Server> server;

 private:
  int port_ = 0;
};

// A call with something in everything.
struct ACall {
  ACall() {
    call.request_id = "req-1";
    call.trace_id = "0af7651916cd43dd8448eb211c80319c";
    call.caller = "billing";
    call.route = "main";
    call.target = "config.targets[0]";
    call.provider = "openai";
    call.model = "gpt-4o";
    call.operation = "chat";
    call.path = "/chat/completions";
    call.metadata = R"({"team":"a"})";
    call.headers = headers;
    call.remaining = std::chrono::milliseconds(61'500);
    call.notes = &notes;
    call.attempt = 2;
    call.streams = true;
  }
  Notes notes = {{"pii", "2 names"}};
  std::vector<HeaderView> headers = {{"x-user", "u1"}, {"x-raw", "\xff\x01"}};
  CallInfo call;
};

// The loop, the settings and the means to ask.
class GrpcTest : public ::testing::Test {
 protected:
  std::unique_ptr<Service> New(const Host& host, const GrpcOptions& options = {}) {
    settings.grpc = host.address();
    return NewGrpcService(settings, loop, thread, options);
  }

  std::string Learn(Service& service, net::Wait wait = net::Soon()) {
    std::string failure = "not over";
    net::RunTask(loop, LearnInto(service, wait, &failure));
    return failure;
  }
  Outcome Ask(Service& service, const Event& event, net::Wait wait = net::Soon()) {
    Outcome outcome;
    net::RunTask(loop, AskInto(service, event, wait, &outcome));
    return outcome;
  }
  Outcome Ask(Service& service, std::string_view json = "{}") {
    return Ask(service, {Hook::kRequest, a_call.call, {nullptr, json}});
  }
  std::string Tell(Service& service, const EndEvent& event, net::Wait wait = net::Soon()) {
    std::string failure = "not over";
    net::RunTask(loop, TellInto(service, event, wait, &failure));
    return failure;
  }

  static net::Task<void> LearnInto(Service& service, net::Wait wait, std::string* out) {
    std::string failure = co_await service.Learn(wait);
    *out = std::move(failure);
  }
  static net::Task<void> AskInto(Service& service, const Event& event, net::Wait wait, Outcome* out) {
    Outcome outcome = co_await service.Ask(event, wait);
    *out = std::move(outcome);
  }
  static net::Task<void> TellInto(Service& service, const EndEvent& event, net::Wait wait, std::string* out) {
    std::string failure = co_await service.Tell(event, wait);
    *out = std::move(failure);
  }

  GrpcThread thread;
  net::Loop loop;
  Settings settings;
  ACall a_call;
};

}  // namespace portolan::middleware
