#include "tests/integration/support/test_middleware.h"

#include <chrono>
#include <utility>

namespace portolan::test {

TestMiddleware::TestMiddleware(Script script) : script_(std::move(script)) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

TestMiddleware::~TestMiddleware() { Stop(); }

void TestMiddleware::Stop() { server_->Shutdown(std::chrono::system_clock::now()); }

std::vector<mw::RequestEvent> TestMiddleware::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<mw::ResponseEvent> TestMiddleware::responses() const {
  const std::lock_guard lock(mutex_);
  return responses_;
}

std::vector<mw::EndEvent> TestMiddleware::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

bool TestMiddleware::WaitForEnds(size_t count) const {
  std::unique_lock lock(mutex_);
  return news_.wait_for(lock, std::chrono::minutes(2), [&] { return ends_.size() >= count; });
}

bool TestMiddleware::WaitForResponses(size_t count) const {
  std::unique_lock lock(mutex_);
  return news_.wait_for(lock, std::chrono::minutes(2), [&] { return responses_.size() >= count; });
}

grpc::Status TestMiddleware::Describe(grpc::ServerContext* /*context*/,
                                      const mw::DescribeRequest* /*request*/,
                                      mw::DescribeResponse* response) {
  response->set_protocol_version(1);
  for (const mw::Hook hook : script_.hooks) response->add_hooks(hook);
  response->set_form(script_.form);
  response->set_read_only(script_.read_only);
  response->set_wants_request(script_.wants_request);
  return grpc::Status::OK;
}

grpc::Status TestMiddleware::HandleRequest(grpc::ServerContext* /*context*/, const mw::RequestEvent* event,
                                           mw::Verdict* verdict) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(*event);
  }
  news_.notify_all();
  return script_.request == nullptr ? grpc::Status::OK : script_.request(*event, verdict);
}

grpc::Status TestMiddleware::HandleResponse(grpc::ServerContext* /*context*/, const mw::ResponseEvent* event,
                                            mw::Verdict* verdict) {
  {
    const std::lock_guard lock(mutex_);
    responses_.push_back(*event);
  }
  news_.notify_all();
  return script_.response == nullptr ? grpc::Status::OK : script_.response(*event, verdict);
}

grpc::Status TestMiddleware::HandleStream(grpc::ServerContext* /*context*/, Stream* stream) {
  if (script_.stream != nullptr) return script_.stream(stream);
  mw::ChunkEvent event;
  while (stream->Read(&event)) {
    if (event.event_case() != mw::ChunkEvent::kStart) Proceed(event.sequence(), stream);
  }
  return grpc::Status::OK;
}

grpc::Status TestMiddleware::HandleEnd(grpc::ServerContext* /*context*/, const mw::EndEvent* event,
                                       mw::EndAck* /*ack*/) {
  {
    const std::lock_guard lock(mutex_);
    ends_.push_back(*event);
  }
  news_.notify_all();
  return grpc::Status::OK;
}

grpc::Status Deny(mw::Verdict* verdict, int status, const std::string& code, const std::string& message) {
  verdict->mutable_deny()->set_http_status(status);
  verdict->mutable_deny()->set_code(code);
  verdict->mutable_deny()->set_message(message);
  return grpc::Status::OK;
}

void Proceed(uint64_t sequence, TestMiddleware::Stream* stream) {
  mw::ChunkVerdict verdict;
  verdict.set_sequence(sequence);
  verdict.mutable_proceed();
  stream->Write(verdict);
}

}  // namespace portolan::test
