// What the way through a shard costs: CPU time of the server process per call and per streamed chunk, for
//
//   bare    gRPC's generated callback service, which answers on gRPC's own threads
//   bridge  the gRPC front, with a service on shards that answers the same
//
//   rpc_bench [ROUNDS]

#include <google/protobuf/arena.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "server/rpc/rpc_server.h"

namespace portolan::rpc {
namespace {

using google::protobuf::Message;
using v1::ChatCompletion;
using v1::ChatCompletionChunk;
using v1::ChatCompletionRequest;

constexpr int kChunks = 20;
constexpr const char* kUnary = "/portolan.v1.ChatService/CreateChatCompletion";
constexpr const char* kStream = "/portolan.v1.ChatService/StreamChatCompletion";

void FillReply(const ChatCompletionRequest& request, ChatCompletion* reply) {
  reply->set_id("chatcmpl-1");
  reply->set_model(request.model());
  auto* choice = reply->add_choices();
  choice->mutable_message()->set_role("assistant");
  choice->mutable_message()->mutable_content()->set_text(request.messages(0).content().text());
  choice->set_finish_reason("stop");
  reply->mutable_usage()->set_total_tokens(20);
}

void FillChunk(const ChatCompletionRequest& request, ChatCompletionChunk* chunk) {
  chunk->set_id("chatcmpl-1");
  chunk->set_model(request.model());
  chunk->add_choices()->mutable_delta()->set_content("a word or two");
}

class BareService final : public v1::ChatService::CallbackService {
  grpc::ServerUnaryReactor* CreateChatCompletion(grpc::CallbackServerContext* context,
                                                 const ChatCompletionRequest* request,
                                                 ChatCompletion* reply) override {
    FillReply(*request, reply);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  class Streamer final : public grpc::ServerWriteReactor<ChatCompletionChunk> {
   public:
    explicit Streamer(const ChatCompletionRequest& request) {
      FillChunk(request, &chunk_);
      Next();
    }
    void OnWriteDone(bool) override { Next(); }
    void OnDone() override { delete this; }

   private:
    void Next() {
      if (left_-- == 0) {
        Finish(grpc::Status::OK);
      } else {
        StartWrite(&chunk_);
      }
    }
    ChatCompletionChunk chunk_;
    int left_ = kChunks;
  };
  grpc::ServerWriteReactor<ChatCompletionChunk>* StreamChatCompletion(
      grpc::CallbackServerContext*, const ChatCompletionRequest* request) override {
    return new Streamer(*request);
  }
};

class EchoService final : public core::Service {
 public:
  net::Task<void> Handle(core::Inbound inbound, core::ReplySink& sink) override {
    const auto& request = static_cast<const ChatCompletionRequest&>(*inbound.message);
    google::protobuf::Arena& arena = *request.GetArena();
    core::ReplyHead head;
    if (!inbound.streaming_rpc) {
      auto* reply = google::protobuf::Arena::CreateMessage<ChatCompletion>(&arena);
      FillReply(request, reply);
      const std::string wire = reply->SerializeAsString();
      co_await sink.SendMessage(std::move(head), wire);
      co_return;
    }
    auto* chunk = google::protobuf::Arena::CreateMessage<ChatCompletionChunk>(&arena);
    FillChunk(request, chunk);
    co_await sink.StartStream(std::move(head));
    for (int i = 0; i < kChunks; ++i) {
      const std::string wire = chunk->SerializeAsString();
      const std::string_view batch = wire;
      co_await sink.WriteMessages({&batch, 1});
    }
    co_await sink.EndStream(nullptr);
  }
};

[[noreturn]] void Announce(int pipe, int port) {
  if (write(pipe, &port, sizeof(port)) != sizeof(port)) std::abort();
  for (;;) pause();
}

[[noreturn]] void ServeBare(int pipe) {
  BareService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  Announce(pipe, port);
}

[[noreturn]] void ServeBridge(int pipe, int shards) {
  const auto* descriptor = ChatCompletionRequest::descriptor();
  const auto codec = codec::Codec::Compile({&descriptor, 1});
  const auto* service = descriptor->file()->pool()->FindServiceByName("portolan.v1.ChatService");
  std::vector<std::unique_ptr<core::OperationSpec>> operations;
  auto& operation = *operations.emplace_back(std::make_unique<core::OperationSpec>());
  operation.unary = service->FindMethodByName("CreateChatCompletion");
  operation.streaming = service->FindMethodByName("StreamChatCompletion");
  operation.request_type = &ChatCompletionRequest::default_instance();
  operation.request = (*codec)->Find(descriptor);
  EchoService echo;
  std::vector<std::unique_ptr<net::Loop>> loops;
  std::vector<std::thread> threads;
  std::vector<Shard> all;
  for (int i = 0; i < shards; ++i) {
    net::Loop* loop = loops.emplace_back(std::make_unique<net::Loop>()).get();
    threads.emplace_back([loop] { loop->Run(); });
    all.push_back({loop, &echo});
  }
  const auto server = RpcServer::Start({.address = "127.0.0.1:0"}, all, operations);
  Announce(pipe, (*server)->port());
}

double CpuMicros(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// `total` calls, `width` at a time, over one connection, as bytes: the client's own cost does not matter
// here.
void Drive(const std::shared_ptr<grpc::Channel>& channel, bool stream, int width, int total) {
  struct One {
    grpc::ClientContext context;
    grpc::ByteBuffer reply;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
    enum { kStarted, kWritten, kReading, kFinishing } step = kStarted;
  };
  ChatCompletionRequest request;
  request.set_model("gpt-4o-mini");
  request.set_temperature(0.7);
  auto* message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text(
      "Tell me in one sentence what a gateway between callers and models does.");
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  int started = 0;
  int active = 0;
  const auto start = [&] {
    if (started == total) return;
    ++started;
    ++active;
    auto* one = new One;
    one->call = stub.PrepareCall(&one->context, stream ? kStream : kUnary, &queue);
    one->call->StartCall(one);
  };
  for (int i = 0; i < width; ++i) start();
  void* tag = nullptr;
  bool ok = false;
  while (active > 0 && queue.Next(&tag, &ok)) {
    auto* one = static_cast<One*>(tag);
    if (one->step == One::kStarted) {
      one->step = One::kWritten;
      one->call->WriteLast(bytes, grpc::WriteOptions(), one);
    } else if (one->step == One::kWritten || (one->step == One::kReading && ok)) {
      one->step = One::kReading;
      one->call->Read(&one->reply, one);
    } else if (one->step == One::kReading) {
      one->step = One::kFinishing;
      one->call->Finish(&one->status, one);
    } else {
      if (!one->status.ok()) std::abort();
      delete one;
      --active;
      start();
    }
  }
}

struct Figures {
  double unary = 0;
  double unary_alone = 0;
  double chunk = 0;
};

Figures Measure(void (*serve)(int)) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) serve(ends[1]);
  int port = 0;
  if (read(ends[0], &port, sizeof(port)) != sizeof(port)) std::abort();
  clockid_t clock = 0;
  clock_getcpuclockid(child, &clock);
  // In a process of its own: gRPC does not survive a fork of this one for the next server.
  int results[2];
  if (pipe(results) != 0) std::abort();
  const pid_t client = fork();
  if (client == 0) {
    const auto channel =
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
    const auto cost = [&](bool stream, int width, int total) {
      Drive(channel, stream, width, total / 10);
      const double before = CpuMicros(clock);
      Drive(channel, stream, width, total);
      return (CpuMicros(clock) - before) / total;
    };
    Figures figures;
    figures.unary = cost(false, 32, 20000);
    figures.unary_alone = cost(false, 1, 4000);
    figures.chunk = cost(true, 16, 2000) / kChunks;
    if (write(results[1], &figures, sizeof(figures)) != sizeof(figures)) std::abort();
    _exit(0);
  }
  Figures figures;
  if (read(results[0], &figures, sizeof(figures)) != sizeof(figures)) std::abort();
  waitpid(client, nullptr, 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return figures;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int Main(int rounds) {
  std::vector<double> columns[6];
  for (int i = 0; i < rounds; ++i) {
    const Figures bare = Measure([](int pipe) { ServeBare(pipe); });
    const Figures bridge = Measure([](int pipe) { ServeBridge(pipe, 2); });
    const double row[] = {bare.unary,         bridge.unary, bare.unary_alone,
                          bridge.unary_alone, bare.chunk,   bridge.chunk};
    for (int k = 0; k < 6; ++k) columns[k].push_back(row[k]);
  }
  constexpr const char* kNames[] = {"unary, 32 at a time", "unary, one at a time",
                                    "streamed chunk, 16 streams"};
  std::printf("server CPU in microseconds, medians of %d\n%-28s %8s %8s %6s\n", rounds, "", "bare", "bridge",
              "ratio");
  for (int k = 0; k < 3; ++k) {
    const double bare = Median(columns[static_cast<size_t>(2 * k)]);
    const double bridge = Median(columns[static_cast<size_t>(2 * k + 1)]);
    std::printf("%-28s %8.1f %8.1f %6.2f\n", kNames[k], bare, bridge, bridge / bare);
  }
  return 0;
}

}  // namespace
}  // namespace portolan::rpc

int main(int argc, char** argv) { return portolan::rpc::Main(argc > 1 ? std::atoi(argv[1]) : 5); }
