#pragma once

// A middleware in this process: a gRPC service that answers as a test says, and remembers what it was told.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "portolan/middleware/v1/middleware.grpc.pb.h"

namespace portolan::test {

namespace mw = middleware::v1;

class TestMiddleware final : private mw::Middleware::Service {
 public:
  using Stream = grpc::ServerReaderWriter<mw::ChunkVerdict, mw::ChunkEvent>;

  // What it does; set before the gateway starts. Without a function everything proceeds.
  struct Script {
    std::vector<mw::Hook> hooks = {};
    mw::BodyForm form = mw::BODY_FORM_TYPED;
    bool read_only = false;
    bool wants_request = false;
    std::function<grpc::Status(const mw::RequestEvent&, mw::Verdict*)> request = nullptr;
    std::function<grpc::Status(const mw::ResponseEvent&, mw::Verdict*)> response = nullptr;
    std::function<grpc::Status(Stream*)> stream = nullptr;
  };

  explicit TestMiddleware(Script script);
  ~TestMiddleware() override;

  const std::string& address() const { return address_; }
  // Stops the server at once.
  void Stop();

  std::vector<mw::RequestEvent> requests() const;
  std::vector<mw::ResponseEvent> responses() const;
  std::vector<mw::EndEvent> ends() const;
  // False after two minutes.
  bool WaitForEnds(size_t count) const;
  bool WaitForResponses(size_t count) const;

 private:
  grpc::Status Describe(grpc::ServerContext* context, const mw::DescribeRequest* request,
                        mw::DescribeResponse* response) override;
  grpc::Status HandleRequest(grpc::ServerContext* context, const mw::RequestEvent* event,
                             mw::Verdict* verdict) override;
  grpc::Status HandleResponse(grpc::ServerContext* context, const mw::ResponseEvent* event,
                              mw::Verdict* verdict) override;
  grpc::Status HandleStream(grpc::ServerContext* context, Stream* stream) override;
  grpc::Status HandleEnd(grpc::ServerContext* context, const mw::EndEvent* event, mw::EndAck* ack) override;

  const Script script_;
  std::string address_;
  mutable std::mutex mutex_;
  mutable std::condition_variable news_;
  std::vector<mw::RequestEvent> requests_;
  std::vector<mw::ResponseEvent> responses_;
  std::vector<mw::EndEvent> ends_;
  std::unique_ptr<grpc::Server> server_;
};

// Verdicts.
grpc::Status Deny(mw::Verdict* verdict, int status = 0, const std::string& code = "",
                  const std::string& message = "no");
void Proceed(uint64_t sequence, TestMiddleware::Stream* stream);

}  // namespace portolan::test
