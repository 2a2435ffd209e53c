#include "tests/conformance/ways.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "portolan/v1/completion_service.grpc.pb.h"
#include "portolan/v1/embedding_service.grpc.pb.h"
#include "portolan/v1/model_service.grpc.pb.h"
#include "providers/registry.h"
#include "server/codec/codec.h"
#include "server/core/operations.h"
#include "tests/conformance/request_log.h"
#include "tests/support/fake_upstream.h"

namespace portolan::conformance {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

const core::Operations& TheOperations() {
  static const auto* operations = [] {
    auto built = core::Operations::Build(providers::BuiltInCatalog().dialects);
    if (!built.ok()) {
      std::fprintf(stderr, "%s\n", built.status().ToString().c_str());
      std::abort();
    }
    return built->release();
  }();
  return *operations;
}

const codec::MessagePlan& PlanOf(const Message& message) {
  return *TheOperations().codec().Find(message.GetDescriptor());
}

std::string ToJson(const Message& message) {
  std::string json;
  codec::Encode(PlanOf(message), message, {}, &json);
  return json;
}

const char* PathOf(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kChat:
      return "/v1/chat/completions";
    case Endpoint::kCompletions:
      return "/v1/completions";
    case Endpoint::kEmbeddings:
      return "/v1/embeddings";
    case Endpoint::kListModels:
    case Endpoint::kGetModel:
      return "/v1/models";
  }
  return "";
}

void CollectNames(const Descriptor* type, std::set<const Descriptor*>* seen, std::set<std::string>* names) {
  if (!seen->insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    names->insert(type->field(i)->name());
    if (type->field(i)->message_type() != nullptr) CollectNames(type->field(i)->message_type(), seen, names);
  }
}

std::shared_ptr<grpc::Channel> Dial(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// One gRPC call: the request made of JSON, the metadata, and what came back.
class RpcCall {
 public:
  RpcCall(const std::string& host, const Sent& sent) : sent_(sent) {
    if (!sent.provider.empty()) context_.AddMetadata("x-portolan-provider", sent.provider);
    context_.AddMetadata("x-portolan-custom-host", host);
    for (const auto& [name, value] : sent.headers) context_.AddMetadata(name, value);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }

  template <typename Stub, typename Request, typename Response>
  Outcome Unary(Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*)) {
    Request request;
    Response response;
    if (!Decode(&request)) return std::move(outcome_);
    Finish((stub.*rpc)(&context_, request, &response));
    if (outcome_.status == 200) outcome_.answer = ToJson(response);
    return std::move(outcome_);
  }

  template <typename Stub, typename Request, typename Chunk>
  Outcome Stream(Stub& stub, std::unique_ptr<grpc::ClientReader<Chunk>> (Stub::*rpc)(grpc::ClientContext*,
                                                                                     const Request&)) {
    Request request;
    if (!Decode(&request)) return std::move(outcome_);
    const auto reader = (stub.*rpc)(&context_, request);
    Chunk chunk;
    while (reader->Read(&chunk)) outcome_.events.push_back(ToJson(chunk));
    Finish(reader->Finish());
    return std::move(outcome_);
  }

 private:
  bool Decode(Message* request) {
    if (sent_.endpoint == Endpoint::kGetModel) {
      request->GetReflection()->SetString(request, request->GetDescriptor()->FindFieldByName("model"),
                                          sent_.model);
    }
    codec::DecodeError error;
    if (!sent_.body.empty() && !codec::Decode(PlanOf(*request), sent_.body, {}, request, &error)) {
      outcome_.answer = error.ToString();
      return false;
    }
    if (sent_.alter) sent_.alter(*request);
    return true;
  }

  void Finish(const grpc::Status& status) {
    outcome_.status = status.ok() ? 200 : -static_cast<int>(status.error_code());
    if (!status.ok()) outcome_.answer = status.error_message();
  }

  const Sent& sent_;
  grpc::ClientContext context_;
  Outcome outcome_;
};

config::ServeOptions WithoutSplicing() {
  config::ServeOptions options;
  options.no_splice = true;
  return options;
}

}  // namespace

struct Ways::Parts {
  std::mutex mutex;
  test::Script answer;
  bool reached = false;
  test::SeenRequest seen;
  test::FakeUpstream upstream{[this](const test::SeenRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex);
    reached = true;
    seen = request;
    return answer;
  }};
  test::GatewayFixture splicing{};
  test::GatewayFixture reencoding{WithoutSplicing()};
  test::TestClient spliced{splicing.http_address()};
  test::TestClient reencoded{reencoding.http_address()};
  std::shared_ptr<grpc::Channel> channel = Dial(splicing.grpc_address());
  std::unique_ptr<v1::ChatService::Stub> chat = v1::ChatService::NewStub(channel);
  std::unique_ptr<v1::CompletionService::Stub> completions = v1::CompletionService::NewStub(channel);
  std::unique_ptr<v1::EmbeddingService::Stub> embeddings = v1::EmbeddingService::NewStub(channel);
  std::unique_ptr<v1::ModelService::Stub> models = v1::ModelService::NewStub(channel);
};

Ways::Ways() : parts_(std::make_unique<Parts>()) {}
Ways::~Ways() = default;

const char* ToString(Way way) {
  return way == Way::kSpliced ? "REST, spliced" : way == Way::kReencoded ? "REST, encoded again" : "gRPC";
}

Outcome Ways::Call(Way way, const Sent& sent, const test::Script& answer) {
  {
    const std::lock_guard<std::mutex> lock(parts_->mutex);
    parts_->answer = answer;
    parts_->reached = false;
  }
  Outcome outcome =
      way == Way::kGrpc ? Rpc(sent) : Rest(way == Way::kSpliced ? parts_->spliced : parts_->reencoded, sent);
  const std::lock_guard<std::mutex> lock(parts_->mutex);
  outcome.reached = parts_->reached;
  if (outcome.reached) {
    outcome.seen = parts_->seen.body;
    outcome.target = parts_->seen.target;
    if (!outcome.seen.empty()) LogRowRequest(sent.provider, outcome.target, outcome.seen);
  }
  return outcome;
}

Outcome Ways::Rest(test::TestClient& client, const Sent& sent) {
  test::Headers headers = sent.headers;
  if (!sent.provider.empty()) headers.emplace_back("x-portolan-provider", sent.provider);
  headers.emplace_back("x-portolan-custom-host", parts_->upstream.url() + "/v1");
  std::string path = PathOf(sent.endpoint);
  if (sent.endpoint == Endpoint::kGetModel) path += "/" + sent.model;
  const bool get = sent.endpoint == Endpoint::kListModels || sent.endpoint == Endpoint::kGetModel;
  test::TestAnswer answer = get ? client.Get(path, headers) : client.Post(path, sent.body, headers);
  Outcome outcome;
  outcome.status = answer.status;
  outcome.headers = std::move(answer.headers);
  outcome.answer = std::move(answer.body);
  outcome.complete = answer.complete;
  return outcome;
}

Outcome Ways::Rpc(const Sent& sent) {
  RpcCall call(parts_->upstream.url() + "/v1", sent);
  using Chat = v1::ChatService::Stub;
  using Completions = v1::CompletionService::Stub;
  switch (sent.endpoint) {
    case Endpoint::kChat:
      return sent.stream ? call.Stream(*parts_->chat, &Chat::StreamChatCompletion)
                         : call.Unary(*parts_->chat, &Chat::CreateChatCompletion);
    case Endpoint::kCompletions:
      return sent.stream ? call.Stream(*parts_->completions, &Completions::StreamCompletion)
                         : call.Unary(*parts_->completions, &Completions::CreateCompletion);
    case Endpoint::kEmbeddings:
      return call.Unary(*parts_->embeddings, &v1::EmbeddingService::Stub::CreateEmbeddings);
    case Endpoint::kListModels:
      return call.Unary(*parts_->models, &v1::ModelService::Stub::ListModels);
    case Endpoint::kGetModel:
      return call.Unary(*parts_->models, &v1::ModelService::Stub::GetModel);
  }
  return {};
}

const std::set<std::string>& KnownNames() {
  static const auto* names = [] {
    auto* collected = new std::set<std::string>;
    std::set<const Descriptor*> seen;
    for (const auto& spec : TheOperations().all()) {
      CollectNames(spec->request_type->GetDescriptor(), &seen, collected);
      if (spec->response_type == nullptr) continue;
      CollectNames(spec->response_type->GetDescriptor(), &seen, collected);
      if (spec->chunk_type != nullptr) CollectNames(spec->chunk_type->GetDescriptor(), &seen, collected);
    }
    return collected;
  }();
  return *names;
}

}  // namespace portolan::conformance
