// policy [--listen HOST:PORT] [--allow TEAM=MODEL,MODEL...]...: a middleware that answers by itself.
//
// Of a team that has a list of models, calls of others are denied: 403 model_not_allowed. An entry may end in
// `*`. A chat whose last message is a user's `ping` is answered `pong`, without a provider.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portolan/middleware/v1/middleware.grpc.pb.h"

namespace {

namespace api = portolan::middleware::v1;
namespace v1 = portolan::v1;

constexpr char kService[] = "portolan.middleware.v1.Middleware";
constexpr auto kPatience = std::chrono::seconds(5);  // for calls to end, once the policy is to end
constexpr int kMostBytes = 16 << 20;                 // the gateway hands over bodies of 4 MB by default

using Lists = std::map<std::string, std::vector<std::string>, std::less<>>;  // of models, by team

// Whose call it is: the name of the caller's key, which nobody can make up; where callers have none, `team`
// of their metadata.
std::string TeamOf(const api::Call& call) {
  if (!call.caller().empty()) return call.caller();
  google::protobuf::Struct metadata;
  if (!google::protobuf::util::JsonStringToMessage(call.metadata_json(), &metadata).ok()) return "";
  const auto team = metadata.fields().find("team");
  return team == metadata.fields().end() ? "" : team->second.string_value();
}

bool IsListed(std::string_view model, const std::vector<std::string>& models) {
  for (std::string_view entry : models) {
    const bool is_prefix = entry.ends_with('*');
    if (is_prefix ? model.starts_with(entry.substr(0, entry.size() - 1)) : model == entry) return true;
  }
  return false;
}

// What a message says: its text, or its parts of text, one after the other.
std::string TextOf(const v1::Message& message) {
  if (message.content().has_text()) return message.content().text();
  std::string text;
  for (const v1::ContentPart& part : message.content().parts().items()) text += part.text();
  return text;
}

bool IsPing(const v1::ChatCompletionRequest& chat) {
  if (chat.messages().empty()) return false;
  const v1::Message& last = *chat.messages().rbegin();
  return last.role() == "user" && TextOf(last) == "ping";
}

void AnswerPong(const v1::ChatCompletionRequest& chat, v1::ChatCompletion& answer) {
  answer.set_id("chatcmpl-pong");
  answer.set_object("chat.completion");
  answer.set_created(std::time(nullptr));
  answer.set_model(chat.model());
  v1::ChatChoice& choice = *answer.add_choices();
  choice.set_index(0);
  choice.mutable_message()->set_role("assistant");
  choice.mutable_message()->mutable_content()->set_text("pong");
  choice.set_finish_reason("stop");
  answer.mutable_usage()->set_prompt_tokens(0);
  answer.mutable_usage()->set_completion_tokens(0);
  answer.mutable_usage()->set_total_tokens(0);
}

// The service. Its rpcs are called on several threads at once.
class Policy final : public api::Middleware::Service {
 public:
  explicit Policy(Lists lists) : lists_(std::move(lists)) {}

  // Chats are answered before they are routed. Models are looked at when there is a target: by then they are
  // what it will be asked for, whatever alias or config brought them.
  grpc::Status Describe(grpc::ServerContext*, const api::DescribeRequest*,
                        api::DescribeResponse* response) override {
    response->set_protocol_version(1);
    response->add_hooks(api::HOOK_REQUEST);
    response->add_hooks(api::HOOK_ATTEMPT);
    response->set_form(api::BODY_FORM_TYPED);
    return grpc::Status::OK;
  }

  grpc::Status HandleRequest(grpc::ServerContext*, const api::RequestEvent* event,
                             api::Verdict* verdict) override {
    if (event->is_attempt()) {
      Judge(event->call(), *verdict);
    } else if (event->has_chat() && IsPing(event->chat())) {
      AnswerPong(event->chat(), *verdict->mutable_answer()->mutable_chat());
    }  // else it goes on
    return grpc::Status::OK;
  }

 private:
  void Judge(const api::Call& call, api::Verdict& verdict) const {
    const auto list = lists_.find(TeamOf(call));
    if (list == lists_.end() || IsListed(call.model(), list->second)) return;
    verdict.mutable_deny()->set_http_status(403);
    verdict.mutable_deny()->set_code("model_not_allowed");
    verdict.mutable_deny()->set_message(list->first + " may not use the model `" + call.model() + "`");
  }

  const Lists lists_;
};

// Reads `TEAM=MODEL,MODEL...` into lists; false if it is none.
bool ReadList(std::string_view text, Lists& lists) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == text.npos) return false;
  std::vector<std::string>& models = lists[std::string(text.substr(0, equals))];
  for (size_t begin = equals + 1; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) return false;
    models.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return !models.empty();
}

// Serves until it is told to end; returns the exit status.
int Serve(const std::string& listen, Lists lists) {
  // The signals are waited for below; threads inherit that they are not delivered.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Policy policy(std::move(lists));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port is one process's
  builder.SetMaxReceiveMessageSize(kMostBytes);
  builder.RegisterService(&policy);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "error: cannot listen on " << listen << '\n';
    return 1;
  }
  server->GetHealthCheckService()->SetServingStatus(kService, true);
  std::cout << "listening on " << listen.substr(0, listen.rfind(':')) << ':' << port << std::endl;

  int number = 0;
  sigwait(&signals, &number);
  server->GetHealthCheckService()->Shutdown();  // from now on nothing new is asked
  server->Shutdown(std::chrono::system_clock::now() + kPatience);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:9002";
  Lists lists;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--listen" && !value.empty()) {
      listen = value;
    } else if (flag != "--allow" || !ReadList(value, lists)) {
      std::cerr << "usage: policy [--listen HOST:PORT] [--allow TEAM=MODEL,MODEL...]...\n";
      return 2;
    }
  }
  return Serve(listen, std::move(lists));
}
