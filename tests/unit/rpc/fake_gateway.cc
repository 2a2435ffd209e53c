#include "tests/unit/rpc/fake_gateway.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/client_unary_call.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace portolan::rpc {
namespace {

using namespace std::chrono_literals;
using google::protobuf::Message;

constexpr auto kPatience = 30s;

[[noreturn]] void GiveUp(const char* what) {
  std::fprintf(stderr, "gave up waiting: %s\n", what);
  std::abort();
}

}  // namespace

void Script::WaitEntered(int n) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return entered_ >= n; })) GiveUp("calls to enter");
}

Note Script::WaitLeft(int n) {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return left_ >= n; };
  if (!changed_.wait_for(lock, kPatience, done)) GiveUp("calls to leave");
  return last_;
}

void Script::WaitStalled() {
  std::unique_lock lock(mutex_);
  const auto patience = net::Clock::now() + kPatience;
  for (;;) {
    if (net::Clock::now() > patience) GiveUp("writes to stall");
    const int before = progress_;
    if (!changed_.wait_for(lock, 200ms, [&] { return progress_ != before; }) && before > 0) return;
  }
}

int Script::left() {
  const std::lock_guard lock(mutex_);
  return left_;
}

net::Task<void> FakeService::Handle(core::Inbound inbound, core::ReplySink& sink) {
  script_.Entered();
  Note note;
  for (const HeaderView& header : inbound.headers) {
    note.headers[std::string(header.name)] += std::string(header.value) + ";";
  }
  note.peer = inbound.peer;
  note.request_id = inbound.request_id;
  note.streaming_rpc = inbound.streaming_rpc;
  note.deadline = inbound.deadline;
  const auto& request = static_cast<const v1::ChatCompletionRequest&>(*inbound.message);
  const std::string model = request.model();
  core::ReplyHead head;
  for (const HeaderField& header : script_.reply_headers) head.headers.Add(header.name, header.value);

  if (inbound.streaming_rpc) {
    co_await Stream(inbound, sink, model, note);
  } else if (model == "error") {
    co_await sink.SendError(std::move(head), script_.error, {});
  } else if (model == "wait") {
    co_await loop_.SleepUntil(net::kNever, inbound.scope);
  } else if (model != "silent") {
    v1::ChatCompletion reply;
    reply.set_id(std::string(inbound.request_id));
    reply.set_model(model);
    if (model == "large") reply.set_object(std::string(static_cast<size_t>(request.max_tokens()), 'x'));
    const std::string wire = reply.SerializeAsString();
    co_await sink.SendMessage(std::move(head), wire);
  }
  note.over = loop_.UpdateNow();
  note.reason = inbound.scope->reason();
  script_.Left(std::move(note));
}

net::Task<void> FakeService::Stream(core::Inbound& inbound, core::ReplySink& sink, std::string model,
                                    Note& note) {
  core::ReplyHead head;
  for (const HeaderField& header : script_.reply_headers) head.headers.Add(header.name, header.value);
  if (model == "error") {
    co_await sink.SendError(std::move(head), script_.error, {});
    co_return;
  }
  if (model == "silent") co_return;
  if (model == "wait") {
    co_await loop_.SleepUntil(net::kNever, inbound.scope);
    co_return;
  }
  co_await sink.StartStream(std::move(head));
  int batches = script_.chunks;
  if (model == "flood") batches = 1 << 30;
  if (model == "drip") batches = 100;
  if (model == "broken") batches = 1;
  std::vector<v1::ChatCompletionChunk> chunks(static_cast<size_t>(script_.batch));
  std::vector<std::string> wires(chunks.size());
  for (auto& chunk : chunks) {
    const size_t ballast = model == "flood" ? 16 << 10 : script_.chunk_bytes;
    if (ballast > 0) chunk.set_object(std::string(ballast, 'x'));
  }
  for (int i = 0; i < batches; ++i) {
    for (size_t k = 0; k < chunks.size(); ++k) chunks[k].set_id(std::to_string(i) + "." + std::to_string(k));
    for (size_t k = 0; k < chunks.size(); ++k) chunks[k].SerializeToString(&wires[k]);
    const std::vector<std::string_view> batch(wires.begin(), wires.end());
    const core::Delivered delivered = co_await sink.WriteMessages(batch);
    if (!delivered) co_return;
    ++note.written;
    script_.Progress();
    if (model == "drip") co_await loop_.SleepUntil(loop_.now() + 10ms, inbound.scope);
  }
  const Error* error = model == "broken" ? &script_.error : nullptr;
  co_await sink.EndStream(error);
}

FakeGateway::FakeGateway(RpcOptions options, int shards) {
  if (options.address == RpcOptions{}.address) options.address = "127.0.0.1:0";
  const auto* service =
      v1::ChatCompletionRequest::descriptor()->file()->pool()->FindServiceByName("portolan.v1.ChatService");
  const google::protobuf::Descriptor* types[] = {v1::ChatCompletionRequest::descriptor()};
  auto codec = codec::Codec::Compile(types);
  if (!codec.ok()) GiveUp(codec.status().ToString().c_str());
  codec_ = *std::move(codec);
  auto operation = std::make_unique<core::OperationSpec>();
  operation->hub = operation.get();
  operation->unary = service->FindMethodByName("CreateChatCompletion");
  operation->streaming = service->FindMethodByName("StreamChatCompletion");
  operation->request_type = &v1::ChatCompletionRequest::default_instance();
  operation->request = codec_->Find(types[0]);
  operations_.push_back(std::move(operation));

  std::vector<Shard> all;
  for (int i = 0; i < shards; ++i) {
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
    lane.service = std::make_unique<FakeService>(lane.loop, script);
    lane.thread = std::thread([&lane] { lane.loop.Run(); });
    all.push_back({&lane.loop, lane.service.get()});
  }
  auto started = RpcServer::Start(options, all, operations_);
  if (!started.ok()) GiveUp(started.status().ToString().c_str());
  server = *std::move(started);
}

FakeGateway::~FakeGateway() {
  server.reset();
  for (const auto& lane : lanes_) {
    lane->loop.Stop();
    lane->thread.join();
  }
}

std::shared_ptr<grpc::Channel> FakeGateway::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Windows of 64 KB a stream, where the client would grow them to 4 MB.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server->port()),
                                   grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<v1::ChatService::Stub> FakeGateway::NewStub() const {
  return v1::ChatService::NewStub(NewChannel());
}

v1::ChatCompletionRequest Ask(std::string model) {
  v1::ChatCompletionRequest request;
  request.set_model(std::move(model));
  return request;
}

grpc::Status CallUnary(FakeGateway& gateway, const v1::ChatCompletionRequest& request,
                       v1::ChatCompletion* reply) {
  grpc::ClientContext context;
  return gateway.NewStub()->CreateChatCompletion(&context, request, reply);
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string out;
  for (const grpc::Slice& slice : slices) out.append(slice.begin(), slice.end());
  return out;
}

grpc::Status CallBytes(FakeGateway& gateway, const char* path, const std::string& request,
                       std::string* reply) {
  const grpc::internal::RpcMethod method(path, grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer in(&slice, 1);
  grpc::ByteBuffer out;
  grpc::ClientContext context;
  const auto channel = gateway.NewChannel();
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer,
                                        grpc::ByteBuffer>(channel.get(), method, &context, in, &out);
  if (status.ok()) *reply = Bytes(out);
  return status;
}

std::vector<std::string> ReadAll(grpc::ClientReader<v1::ChatCompletionChunk>& reader) {
  std::vector<std::string> ids;
  v1::ChatCompletionChunk chunk;
  while (reader.Read(&chunk)) ids.push_back(chunk.id());
  return ids;
}

}  // namespace portolan::rpc
