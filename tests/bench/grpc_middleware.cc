// A middleware that only reads, as cheap as this library lets one be: what the gateway pays to ask it.
//
//   bench_grpc_middleware PORT

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>

#include "portolan/middleware/v1/middleware.grpc.pb.h"

namespace {

namespace mw = portolan::middleware::v1;

class Reader final : public mw::Middleware::CallbackService {
 public:
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const mw::DescribeRequest*,
                                     mw::DescribeResponse* wants) override {
    wants->add_hooks(mw::HOOK_REQUEST);
    wants->add_hooks(mw::HOOK_RESPONSE);
    wants->set_form(mw::BODY_FORM_JSON);
    wants->set_read_only(true);
    return Done(context);
  }
  grpc::ServerUnaryReactor* HandleRequest(grpc::CallbackServerContext* context, const mw::RequestEvent*,
                                          mw::Verdict*) override {
    return Done(context);
  }
  grpc::ServerUnaryReactor* HandleResponse(grpc::CallbackServerContext* context, const mw::ResponseEvent*,
                                           mw::Verdict*) override {
    return Done(context);
  }

 private:
  static grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_grpc_middleware PORT\n");
    return 2;
  }
  Reader reader;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&reader);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
}
