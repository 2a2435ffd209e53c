#pragma once

// Calls by gRPC of services for which there are no stubs.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/script.h"

namespace portolan::test {

template <typename Answer>
struct NamedAnswer {
  grpc::Status status;
  std::vector<Answer> answers;  // of a unary call one, or none
};

// Calls `/package.Service/Rpc` at `address` with one message, and waits for all that it answers.
template <typename Answer, typename Request>
NamedAnswer<Answer> CallByName(const std::string& address, const std::string& rpc, const Request& request,
                               const Headers& metadata) {
  grpc::TemplatedGenericStub<Request, Answer> stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
  for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
  grpc::CompletionQueue queue;
  const auto done = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  NamedAnswer<Answer> got;
  const auto call = stub.PrepareCall(&context, rpc, &queue);
  call->StartCall(nullptr);
  if (done()) {
    call->WriteLast(request, grpc::WriteOptions(), nullptr);
    done();
  }
  Answer answer;
  for (call->Read(&answer, nullptr); done(); call->Read(&answer, nullptr)) got.answers.push_back(answer);
  call->Finish(&got.status, nullptr);
  done();
  return got;
}

}  // namespace portolan::test
