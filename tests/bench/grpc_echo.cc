// The least that a gRPC server can do in this library: the chat service by the callback API, with a fixed
// answer and a fixed stream of 100 messages. What the gateway's gRPC door costs is told as a multiple of it.
//
//   bench_grpc_echo PORT

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"

namespace {

using portolan::v1::ChatCompletion;
using portolan::v1::ChatCompletionChunk;
using portolan::v1::ChatCompletionRequest;

constexpr int kMessages = 100;

class Stream final : public grpc::ServerWriteReactor<ChatCompletionChunk> {
 public:
  explicit Stream(const ChatCompletionChunk& chunk) : chunk_(chunk) { Next(); }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "cancelled"));
    } else {
      Next();
    }
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (sent_++ == kMessages) {
      Finish(grpc::Status::OK);
    } else {
      StartWrite(&chunk_);
    }
  }

  const ChatCompletionChunk& chunk_;
  int sent_ = 0;
};

class Echo final : public portolan::v1::ChatService::CallbackService {
 public:
  Echo() {
    answer_.set_id("chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT");
    answer_.set_object("chat.completion");
    answer_.set_created(1741569952);
    answer_.set_model("gpt-4.1-2025-04-14");
    auto* choice = answer_.add_choices();
    choice->mutable_message()->set_role("assistant");
    choice->mutable_message()->mutable_content()->set_text(
        "Hello! How can I assist you today? I can help with writing, code and research.");
    choice->set_finish_reason("stop");
    answer_.mutable_usage()->set_prompt_tokens(19);
    answer_.mutable_usage()->set_completion_tokens(20);
    answer_.mutable_usage()->set_total_tokens(39);
    chunk_.set_id(answer_.id());
    chunk_.set_object("chat.completion.chunk");
    chunk_.set_created(answer_.created());
    chunk_.set_model(answer_.model());
    chunk_.add_choices()->mutable_delta()->set_content(" token");
  }

  grpc::ServerUnaryReactor* CreateChatCompletion(grpc::CallbackServerContext* context,
                                                 const ChatCompletionRequest*,
                                                 ChatCompletion* reply) override {
    *reply = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<ChatCompletionChunk>* StreamChatCompletion(grpc::CallbackServerContext*,
                                                                      const ChatCompletionRequest*) override {
    return new Stream(chunk_);
  }

 private:
  ChatCompletion answer_;
  ChatCompletionChunk chunk_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_grpc_echo PORT\n");
    return 2;
  }
  Echo echo;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
}
