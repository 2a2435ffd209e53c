#include "server/core/operations.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <string>
#include <utility>

#include "google/api/annotations.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "portolan/v1/chat_service.pb.h"
#include "portolan/v1/completion_service.pb.h"
#include "portolan/v1/embedding_service.pb.h"
#include "portolan/v1/model_service.pb.h"
#include "portolan/v1/routing_service.pb.h"

namespace portolan::core {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using providers::Operation;

struct Row {
  Operation operation;
  const char* service;
  const char* rpc;
  bool explains = false;
};

constexpr Row kRows[] = {
    {Operation::kChat, "portolan.v1.ChatService", "CreateChatCompletion"},
    {Operation::kCompletion, "portolan.v1.CompletionService", "CreateCompletion"},
    {Operation::kEmbedding, "portolan.v1.EmbeddingService", "CreateEmbeddings"},
    {Operation::kListModels, "portolan.v1.ModelService", "ListModels"},
    {Operation::kGetModel, "portolan.v1.ModelService", "GetModel"},
    {Operation::kChat, "portolan.v1.RoutingService", "Explain", /*explains=*/true},
};

const google::protobuf::Message* Prototype(const Descriptor* type) {
  return MessageFactory::generated_factory()->GetPrototype(type);
}

absl::StatusOr<std::unique_ptr<OperationSpec>> MakeSpec(const Row& row) {
  const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(row.service);
  const MethodDescriptor* unary = service == nullptr ? nullptr : service->FindMethodByName(row.rpc);
  if (unary == nullptr)
    return absl::InternalError(std::string(row.service) + "." + row.rpc + " is not in the protos");

  auto spec = std::make_unique<OperationSpec>();
  spec->operation = row.operation;
  spec->explains = row.explains;
  spec->unary = unary;
  spec->request_type = Prototype(unary->input_type());
  spec->response_type = Prototype(unary->output_type());
  const auto& http = unary->options().GetExtension(google::api::http);
  spec->route = http.get().empty() ? http.post() : http.get();
  spec->has_body = !http.body().empty();
  if (spec->has_body && http.body() != "*") {
    const FieldDescriptor* field = unary->input_type()->FindFieldByName(http.body());
    if (field == nullptr || !field->options().GetExtension(options::v1::raw_json)) {
      return absl::InternalError(unary->full_name() + ": a body that is one field must be raw JSON");
    }
  }
  if (unary->options().HasExtension(options::v1::streaming)) {
    const auto& streaming = unary->options().GetExtension(options::v1::streaming);
    spec->streaming = service->FindMethodByName(streaming.rpc());
    spec->stream_field = streaming.field();
    spec->done = streaming.done();
    if (spec->streaming == nullptr) return absl::InternalError(streaming.rpc() + " is not in " + row.service);
    spec->chunk_type = Prototype(spec->streaming->output_type());
    spec->stream_flag = unary->input_type()->FindFieldByName(spec->stream_field);
    spec->stream_options_field = unary->input_type()->FindFieldByName("stream_options");
  }
  spec->model_field = unary->input_type()->FindFieldByName("model");
  spec->options_field = unary->input_type()->FindFieldByName("portolan");
  return spec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operations>> Operations::Build(std::vector<const Descriptor*> dialect_types) {
  // Naming one type of each file keeps the linker from dropping the services' descriptors.
  std::vector<const Descriptor*> roots = {
      v1::ChatCompletionRequest::descriptor(), v1::CompletionRequest::descriptor(),
      v1::EmbeddingRequest::descriptor(), v1::GetModelRequest::descriptor(),
      v1::ExplainRequest::descriptor()};
  google::protobuf::LinkMessageReflection<v1::ChatCompletionChunk>();
  auto operations = std::unique_ptr<Operations>(new Operations);
  for (const Row& row : kRows) {
    auto spec = MakeSpec(row);
    if (!spec.ok()) return spec.status();
    roots.push_back((*spec)->request_type->GetDescriptor());
    roots.push_back((*spec)->response_type->GetDescriptor());
    if ((*spec)->chunk_type != nullptr) roots.push_back((*spec)->chunk_type->GetDescriptor());
    operations->specs_.push_back(*std::move(spec));
  }
  roots.insert(roots.end(), dialect_types.begin(), dialect_types.end());

  auto codec = codec::Codec::Compile(roots);
  if (!codec.ok()) return codec.status();
  operations->codec_ = *std::move(codec);
  for (const auto& spec : operations->specs_) {
    spec->request = operations->codec_->Find(spec->request_type->GetDescriptor());
    spec->response = operations->codec_->Find(spec->response_type->GetDescriptor());
    if (spec->chunk_type != nullptr)
      spec->chunk = operations->codec_->Find(spec->chunk_type->GetDescriptor());
  }
  return operations;
}

const OperationSpec* Operations::Find(const MethodDescriptor* method) const {
  for (const auto& spec : specs_) {
    if (spec->unary == method || (spec->streaming != nullptr && spec->streaming == method)) return spec.get();
  }
  return nullptr;
}

const OperationSpec& Operations::Of(Operation operation) const {
  const auto found = std::find_if(specs_.begin(), specs_.end(), [&](const auto& spec) {
    return spec->operation == operation && !spec->explains;
  });
  return **found;
}

}  // namespace portolan::core
