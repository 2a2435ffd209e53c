// Calls the chat service over gRPC over and over.
//
//   bench_grpc_load PORT unary|stream CONCURRENCY SECONDS MODEL [NAME=VALUE...]
//
// NAME=VALUE is sent as metadata. Prints one JSON object: calls that ended with OK, failures (and the first
// one's status on stderr), messages in all, microseconds to the answer or the first message (p50, p99).

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/bench/load.h"

namespace {

using Clock = std::chrono::steady_clock;
using portolan::v1::ChatCompletion;
using portolan::v1::ChatCompletionChunk;
using portolan::v1::ChatCompletionRequest;
using portolan::v1::ChatService;

struct Load {
  std::unique_ptr<ChatService::Stub> stub;
  ChatCompletionRequest request;
  std::vector<std::pair<std::string, std::string>> metadata;
  Clock::time_point end;

  std::mutex mutex;
  std::condition_variable idle;
  int open = 0;
  long calls = 0;
  long failures = 0;
  long messages = 0;
  std::vector<double> first_us;
};

// One after another, until the time is over.
class Caller final : public grpc::ClientReadReactor<ChatCompletionChunk> {
 public:
  Caller(Load& load, bool stream) : load_(load), stream_(stream) {}

  void Start() {
    context_ = std::make_unique<grpc::ClientContext>();
    for (const auto& [name, value] : load_.metadata) context_->AddMetadata(name, value);
    messages_ = 0;
    began_ = Clock::now();
    if (stream_) {
      load_.stub->async()->StreamChatCompletion(context_.get(), &load_.request, this);
      StartRead(&chunk_);
      StartCall();
    } else {
      load_.stub->async()->CreateChatCompletion(context_.get(), &load_.request, &answer_,
                                                [this](const grpc::Status& status) {
                                                  NoteFirst();
                                                  Ended(status);
                                                });
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (messages_++ == 0) NoteFirst();
    StartRead(&chunk_);
  }
  void OnDone(const grpc::Status& status) override { Ended(status); }

 private:
  void NoteFirst() { first_us_ = std::chrono::duration<double, std::micro>(Clock::now() - began_).count(); }

  void Ended(const grpc::Status& status) {
    bool more = Clock::now() < load_.end;
    {
      const std::lock_guard<std::mutex> lock(load_.mutex);
      if (status.ok()) {
        ++load_.calls;
        load_.messages += messages_;
        load_.first_us.push_back(first_us_);
      } else if (load_.failures++ == 0) {
        std::fprintf(stderr, "%d %s\n", static_cast<int>(status.error_code()),
                     status.error_message().c_str());
      }
      if (!status.ok()) more = false;
      if (!more && --load_.open == 0) load_.idle.notify_one();
    }
    if (more) Start();
  }

  Load& load_;
  const bool stream_;
  std::unique_ptr<grpc::ClientContext> context_;
  ChatCompletion answer_;
  ChatCompletionChunk chunk_;
  long messages_ = 0;
  double first_us_ = 0;
  Clock::time_point began_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr,
                 "usage: bench_grpc_load PORT unary|stream CONCURRENCY SECONDS MODEL [NAME=VALUE...]\n");
    return 2;
  }
  Load load;
  load.stub = ChatService::NewStub(
      grpc::CreateChannel(std::string("127.0.0.1:") + argv[1], grpc::InsecureChannelCredentials()));
  load.request.set_model(argv[5]);
  auto* message = load.request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text("Say hello, and tell me what you can help me with today.");
  for (int i = 6; i < argc; ++i) {
    const std::string pair = argv[i];
    const size_t equals = pair.find('=');
    load.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }

  const bool stream = std::string(argv[2]) == "stream";
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < std::atoi(argv[3]); ++i) callers.push_back(std::make_unique<Caller>(load, stream));
  load.open = static_cast<int>(callers.size());
  load.end = Clock::now() + std::chrono::microseconds(static_cast<long>(std::atof(argv[4]) * 1e6));
  for (const auto& caller : callers) caller->Start();
  {
    std::unique_lock<std::mutex> lock(load.mutex);
    load.idle.wait(lock, [&] { return load.open == 0; });
  }
  std::printf(R"({"requests":%ld,"failures":%ld,"events":%ld,"p50_us":%.1f,"p99_us":%.1f})"
              "\n",
              load.calls, load.failures, load.messages, portolan::bench::Percentile(load.first_us, 0.5),
              portolan::bench::Percentile(load.first_us, 0.99));
}
