#include "server/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <utility>

#include "grpc/reflection/v1/reflection.pb.h"
#include "server/rpc/rpc.h"

namespace portolan::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ErrorResponse;
using grpc::reflection::v1::FileDescriptorResponse;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using Services = std::shared_ptr<const std::vector<std::string>>;

// One question after the other, each answered before the next is read.
class Conversation final : public Rpc {
 public:
  Conversation(Services services, Arrival arrival)
      : Rpc(std::move(arrival)), services_(std::move(services)) {}

  void Begin() {
    Watch();
    StartRead();
  }

 private:
  void OnClosed(bool) override { Release(); }

  void OnRead(BufferPtr message) override {
    if (message == nullptr) return StartFinish(grpc::Status::OK);
    ServerReflectionRequest request;
    if (!ParseBuffer(message.get(), &request)) {
      return StartFinish(
          {grpc::StatusCode::INVALID_ARGUMENT, "the request is not a valid ServerReflectionRequest"});
    }
    ServerReflectionResponse response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    Respond(request, &response);
    answer_ = ToBuffer(response.SerializeAsString());
    StartWrite(answer_.get(), /*more=*/false);
  }

  void OnWritten(bool ok) override {
    answer_.reset();
    if (ok) {
      StartRead();
    } else {
      StartFinish({grpc::StatusCode::CANCELLED, "the caller is gone"});
    }
  }

  void Respond(const ServerReflectionRequest& request, ServerReflectionResponse* response) {
    const DescriptorPool& pool = *DescriptorPool::generated_pool();
    switch (request.message_request_case()) {
      case ServerReflectionRequest::kFileByFilename:
        return TellFile(pool.FindFileByName(request.file_by_filename()), response);
      case ServerReflectionRequest::kFileContainingSymbol:
        return TellFile(pool.FindFileContainingSymbol(request.file_containing_symbol()), response);
      case ServerReflectionRequest::kFileContainingExtension: {
        const auto& wanted = request.file_containing_extension();
        const Descriptor* const type = pool.FindMessageTypeByName(wanted.containing_type());
        const FieldDescriptor* const field =
            type == nullptr ? nullptr : pool.FindExtensionByNumber(type, wanted.extension_number());
        return TellFile(field == nullptr ? nullptr : field->file(), response);
      }
      case ServerReflectionRequest::kAllExtensionNumbersOfType:
        return TellExtensions(pool.FindMessageTypeByName(request.all_extension_numbers_of_type()), response);
      case ServerReflectionRequest::kListServices:
        for (const std::string& service : *services_) {
          response->mutable_list_services_response()->add_service()->set_name(service);
        }
        return;
      case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
        break;
    }
    Fail(grpc::StatusCode::INVALID_ARGUMENT, "nothing is asked for", response);
  }

  void TellFile(const FileDescriptor* file, ServerReflectionResponse* response) {
    if (file == nullptr) return Fail(grpc::StatusCode::NOT_FOUND, "there is no such thing", response);
    FileDescriptorResponse& out = *response->mutable_file_descriptor_response();
    Add(*file, &out);
    AddImports(*file, &out);
  }

  static void Add(const FileDescriptor& file, FileDescriptorResponse* out) {
    google::protobuf::FileDescriptorProto proto;
    file.CopyTo(&proto);
    out->add_file_descriptor_proto(proto.SerializeAsString());
  }

  void AddImports(const FileDescriptor& file, FileDescriptorResponse* out) {
    told_.insert(&file);
    for (int i = 0; i < file.dependency_count(); ++i) {
      const FileDescriptor& import = *file.dependency(i);
      if (told_.contains(&import)) continue;
      Add(import, out);
      AddImports(import, out);
    }
  }

  static void TellExtensions(const Descriptor* type, ServerReflectionResponse* response) {
    if (type == nullptr) return Fail(grpc::StatusCode::NOT_FOUND, "there is no such type", response);
    auto& out = *response->mutable_all_extension_numbers_response();
    out.set_base_type_name(type->full_name());
    std::vector<const FieldDescriptor*> extensions;
    DescriptorPool::generated_pool()->FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* extension : extensions) out.add_extension_number(extension->number());
  }

  static void Fail(grpc::StatusCode code, const char* message, ServerReflectionResponse* response) {
    ErrorResponse& error = *response->mutable_error_response();
    error.set_error_code(code);
    error.set_error_message(message);
  }

  const Services services_;
  std::set<const FileDescriptor*> told_;
  BufferPtr answer_;  // being written
};

}  // namespace

void AddReflection(std::vector<std::string> services, Acceptor& acceptor) {
  services.emplace_back("grpc.reflection.v1.ServerReflection");
  const auto listed = std::make_shared<const std::vector<std::string>>(std::move(services));
  for (const char* path : {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    acceptor.Add(path, Kind::kBidiStream, [listed](Arrival arrival) {
      auto* const conversation = new Conversation(listed, std::move(arrival));
      conversation->Begin();
    });
  }
}

}  // namespace portolan::rpc
