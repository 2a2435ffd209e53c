#include "server/middleware_factory.h"

#include <memory>
#include <utility>

#include "server/base/text_file.h"
#include "server/middleware/built_in/built_in.h"
#include "server/middleware/grpc/grpc_middleware.h"
#include "server/middleware/webhook/webhook.h"
#include "server/net/authorities.h"

namespace portolan {

void MiddlewareParts::Make() {
  thread_ = std::make_unique<middleware::GrpcThread>();
  constexpr size_t kMost = 16u << 20;
  std::string own;
  std::string problem;
  // One that cannot be read has kept the gateway from starting already.
  if (ca_file_.empty() || !ReadTextFile(ca_file_, kMost, &own, &problem)) return;
  if (!ReadTextFile(net::SystemAuthorities(), kMost, &authorities_, &problem)) authorities_.clear();
  authorities_ += "\n" + own;
}

middleware::GrpcThread& MiddlewareParts::grpc_thread() {
  std::call_once(made_, [this] { Make(); });
  return *thread_;
}

const std::string& MiddlewareParts::authorities() {
  std::call_once(made_, [this] { Make(); });
  return authorities_;
}

core::MiddlewareFactory NewMiddlewareFactory(net::Loop& loop, upstream::Client& client,
                                             MiddlewareParts& parts) {
  return
      [&loop, &client, &parts](const middleware::Settings& settings) -> std::unique_ptr<middleware::Service> {
        if (!settings.webhook.empty()) return middleware::NewWebhook(settings, client);
        if (const auto* const built_in = middleware::FindBuiltIn(settings.built_in))
          return built_in->make(settings);
        return middleware::NewGrpcService(settings, loop, parts.grpc_thread(), {parts.authorities()});
      };
}

}  // namespace portolan
