// scenarios FOLDER WORLD... [--control]: runs clients/scenarios.yaml with both forms of calls. FOLDER has the
// example and the README's program, WORLD... is the command that starts the world.

#include <portolan/client.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "forms.h"
#include "world.h"

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

// What a scenario works with. The first thing that is not as it should be is kept.
struct Stage {
  const World& world;
  std::string folder;
  Json given, seen;
  std::function<std::unique_ptr<Form>(const std::string& target, portolan::ClientOptions options)> form;
  std::string problem = "";

  portolan::ClientOptions Options() const { return {.key = world.Text("key")}; }
  std::unique_ptr<Form> Client() const { return form(world.Text("plain"), Options()); }
  Request Asked() const {
    Request request;
    request.set_model(world.Text("model"));
    *request.add_messages() = portolan::User(given.value("prompt", ""));
    return request;
  }

  void Fail(const std::string& what) {
    if (problem.empty()) problem = what.substr(0, 400);
  }
  void Equal(const Json& is, const Json& expected) {
    if (is != expected)
      Fail("expected " + expected.dump().substr(0, 150) + ", seen " + is.dump().substr(0, 150));
  }
  void EqualError(const portolan::Error& error, const Json& expected) {
    const Json told = {{"class", portolan::NameOf(error.error_class)},
                       {"code", error.code},
                       {"status", portolan::NameOf(error.status)},
                       {"http_status", error.http_status},
                       {"attempts", error.attempts},
                       {"retryable", error.retryable},
                       {"retry_delay_ms", error.retry_delay ? error.retry_delay->count() : 0},
                       {"message", error.message}};
    for (const auto& [name, value] : expected.items()) Equal({{name, told.at(name)}}, {{name, value}});
  }
  // The answer's text; of a call that failed, its error is the problem.
  std::string TextOf(const portolan::Result<portolan::v1::ChatCompletion>& answer) {
    if (answer) return portolan::TextOf(answer->choices(0).message());
    Fail(answer.error().ToString());
    return "";
  }
  void EqualFailure(const portolan::Result<portolan::v1::ChatCompletion>& answer, const Json& expected) {
    if (answer) return Fail("the call did not fail");
    EqualError(answer.error(), expected);
  }
};

// The rest of a stream.
struct Rest {
  std::vector<std::string> texts, reasons;
  std::optional<portolan::Error> error;
};

Rest Drain(portolan::AnswerStream<Chunk>& stream) {
  Rest rest;
  for (const auto& chunk : stream) {
    if (!chunk) {
      rest.error = chunk.error();
      continue;
    }
    for (const auto& choice : chunk->choices()) {
      if (!choice.delta().content().empty()) rest.texts.push_back(choice.delta().content());
      if (!choice.finish_reason().empty()) rest.reasons.push_back(choice.finish_reason());
    }
  }
  return rest;
}

std::string FirstPiece(Stage& stage, portolan::AnswerStream<Chunk>& stream) {
  while (const auto chunk = stream.Next()) {
    if (!*chunk) {
      stage.Fail(chunk->error().ToString());
      return "";
    }
    for (const auto& choice : (*chunk)->choices()) {
      if (!choice.delta().content().empty()) return choice.delta().content();
    }
  }
  stage.Fail("the stream had no piece");
  return "";
}

// Fails unless the rest of the stream ends in this error.
void EqualEnd(Stage& stage, portolan::AnswerStream<Chunk>& stream, const Json& expected) {
  const Rest rest = Drain(stream);
  if (!rest.error) return stage.Fail("the stream did not fail");
  stage.EqualError(*rest.error, expected);
}

void Chat(Stage& stage) {
  const auto answer = stage.Client()->Chat(stage.Asked());
  stage.Equal(stage.TextOf(answer), stage.seen["text"]);
  if (!answer) return;
  stage.Equal(answer->choices(0).finish_reason(), stage.seen["finish_reason"]);
  stage.Equal(answer->usage().total_tokens(), stage.seen["total_tokens"]);
}

void Stream(Stage& stage) {
  const auto client = stage.Client();
  auto stream = client->Stream(stage.Asked());
  const Rest rest = Drain(stream);
  if (rest.error) stage.Fail(rest.error->ToString());
  stage.Equal(rest.texts, stage.seen["pieces"]);
  stage.Equal(rest.reasons, Json::array({stage.seen["finish_reason"]}));
}

void Tools(Stage& stage) {
  const Json &seen = stage.seen, &tool = stage.given["tool"];
  const auto client = stage.Client();
  Request request = stage.Asked();
  *request.add_tools() = portolan::FunctionTool(tool["name"], tool["description"], tool["parameters"]);
  const auto answer = client->Chat(request);
  if (!answer) return stage.Fail(answer.error().ToString());
  const auto& choice = answer->choices(0);
  stage.Equal(choice.finish_reason(), seen["finish_reason"]);
  if (choice.message().tool_calls().empty()) return stage.Fail("no tool was called");
  const auto& call = choice.message().tool_calls(0);
  stage.Equal(call.id(), seen["id"]);
  stage.Equal(call.function().name(), seen["name"]);
  stage.Equal(Json::parse(call.function().arguments()), seen["arguments"]);
  *request.add_messages() = choice.message();
  *request.add_messages() = portolan::ToolResult(call.id(), stage.given["result"]);
  stage.Equal(stage.TextOf(client->Chat(request)), seen["text"]);
}

void Error(Stage& stage) { stage.EqualFailure(stage.Client()->Chat(stage.Asked()), stage.seen); }

void Policy(Stage& stage) {
  portolan::CallOptions options;
  options.headers = stage.given["metadata"].get<portolan::Headers>();
  stage.EqualFailure(stage.Client()->Chat(stage.Asked(), options), stage.seen);
}

void StreamError(Stage& stage) {
  const auto client = stage.Client();
  auto stream = client->Stream(stage.Asked());
  EqualEnd(stage, stream, stage.seen);
}

void Deadline(Stage& stage) {
  const milliseconds timeout(stage.given["timeout_ms"].get<int>());
  stage.EqualFailure(stage.Client()->Chat(stage.Asked(), {.timeout = timeout}), stage.seen);
}

void Cancellation(Stage& stage) {
  const auto client = stage.Client();
  auto stream = client->Stream(stage.Asked());
  stage.Equal(FirstPiece(stage, stream), stage.seen["pieces"][0]);
  stage.world.Tell("mark");
  stream.Cancel();
  EqualEnd(stage, stream, {{"class", "caller"}, {"code", "client_closed_request"}, {"status", "CANCELLED"}});
}

void Metadata(Stage& stage) {
  portolan::Headers received;
  portolan::CallOptions options;
  options.headers = stage.given["metadata"].get<portolan::Headers>();
  options.on_headers = [&received](const portolan::Headers& headers) { received = headers; };
  stage.Equal(stage.TextOf(stage.Client()->Chat(stage.Asked(), options)), stage.seen["text"]);
  for (const auto& [name, value] : stage.seen["metadata"].items()) stage.Equal(received[name], value);
}

void Large(Stage& stage) {
  Request request = stage.Asked();
  *request.mutable_messages(0) = portolan::User(std::string(stage.given["prompt_bytes"].get<size_t>(), 'x'));
  const std::string text = stage.TextOf(stage.Client()->Chat(request));
  stage.Equal(text.size(), stage.seen["text_bytes"]);
  stage.Equal(std::count(text.begin(), text.end(), 'x'), stage.seen["text_bytes"]);
}

std::string TextIn(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Tls(Stage& stage) {
  portolan::ClientOptions options = stage.Options();
  options.tls = true;
  options.connect_timeout = std::chrono::seconds(1);
  stage.EqualFailure(stage.form(stage.world.Text("tls"), options)->Chat(stage.Asked()),
                     stage.seen["untrusting"]);
  options = stage.Options();
  options.ca = TextIn(stage.world.Text("ca"));
  stage.Equal(stage.TextOf(stage.form(stage.world.Text("tls"), options)->Chat(stage.Asked())),
              stage.seen["text"]);
}

void Mtls(Stage& stage) {
  portolan::ClientOptions options = stage.Options();
  options.ca = TextIn(stage.world.Text("ca"));
  options.connect_timeout = std::chrono::seconds(1);
  stage.EqualFailure(stage.form(stage.world.Text("mtls"), options)->Chat(stage.Asked()),
                     stage.seen["nameless"]);
  options.connect_timeout = std::chrono::seconds(10);
  options.certificate_chain = TextIn(stage.world.Text("certificate"));
  options.certificate_key = TextIn(stage.world.Text("certificate_key"));
  stage.Equal(stage.TextOf(stage.form(stage.world.Text("mtls"), options)->Chat(stage.Asked())),
              stage.seen["text"]);
}

void Reconnect(Stage& stage) {
  const auto client = stage.Client();
  auto stream = client->Stream(stage.Asked());
  stage.Equal(FirstPiece(stage, stream), stage.seen["pieces"][0]);
  stage.world.Tell("restart?down_ms=" + stage.given["down_ms"].dump());
  EqualEnd(stage, stream, stage.seen["broken"]);
  stage.Equal(stage.TextOf(client->Chat(stage.Asked())), stage.seen["text"]);
}

void Rollout(Stage& stage) {
  const auto client = stage.form(stage.given["target"], stage.Options());
  for (int i = 0; i < stage.given["calls"]; ++i)
    stage.Equal(stage.TextOf(client->Chat(stage.Asked())), stage.seen["text"]);
  stage.world.Tell("rollout?late_ms=" + stage.given["late_ms"].dump());
  stage.Equal(stage.TextOf(client->Chat(stage.Asked())), stage.seen["after"]);
}

void Keepalive(Stage& stage) {
  portolan::ClientOptions options = stage.Options();
  options.keepalive_time = milliseconds(stage.given["keepalive_time_ms"].get<int>());
  options.keepalive_timeout = milliseconds(stage.given["keepalive_timeout_ms"].get<int>());
  const auto client = stage.form(stage.world.Text("plain"), options);
  auto stream = client->Stream(stage.Asked(), {.timeout = std::chrono::minutes(1)});
  stage.Equal(FirstPiece(stage, stream), stage.seen["pieces"][0]);
  stage.world.Tell("freeze");
  EqualEnd(stage, stream, stage.seen["broken"]);
}

void Example(Stage& stage) {
  const World& world = stage.world;
  stage.Equal(
      OutputOf({"PORTOLAN_TARGET=" + world.Text("plain"), "PORTOLAN_KEY=" + world.Text("key"),
                "PORTOLAN_MODEL=" + world.Text("model"), stage.folder + "/chat", stage.given["prompt"]}),
      stage.seen["output"]);
}

const std::map<std::string, void (*)(Stage&)>& Runners() {
  static const auto& runners = *new std::map<std::string, void (*)(Stage&)>{{"chat", Chat},
                                                                            {"stream", Stream},
                                                                            {"tools", Tools},
                                                                            {"error", Error},
                                                                            {"policy", Policy},
                                                                            {"deadline", Deadline},
                                                                            {"metadata", Metadata},
                                                                            {"large", Large},
                                                                            {"tls", Tls},
                                                                            {"mtls", Mtls},
                                                                            {"reconnect", Reconnect},
                                                                            {"rollout", Rollout},
                                                                            {"keepalive", Keepalive},
                                                                            {"example", Example},
                                                                            {"cancellation", Cancellation},
                                                                            {"stream_error", StreamError}};
  return runners;
}

// One try of a scenario. What went wrong, or "".
std::string Attempt(const std::string& name, Stage stage) {
  const auto runner = Runners().find(name);
  if (runner == Runners().end()) return "nobody runs it";
  const Json scenario = stage.world.Tell("begin?name=" + name);
  stage.given = scenario["given"];
  stage.seen = scenario["seen"];
  runner->second(stage);
  const Json verdict = stage.world.Tell("end");
  for (const Json& problem : verdict.at("problems")) stage.Fail(problem.get<std::string>());
  return stage.problem;
}

// What is not among the scenarios, as it is this client's alone.
int CheckOwn(const World& world, const std::string& folder) {
  int failed = 0;
  const auto check = [&failed](bool is_good, const std::string& what) {
    if (!is_good) std::cout << "FAILED: " << what << "\n";
    failed += is_good ? 0 : 1;
  };
  const std::string printed = OutputOf({"PORTOLAN_TARGET=" + world.Text("plain"), folder + "/readme"});
  check(printed.find("Hello") != std::string::npos, "README.md: " + printed);

  portolan::Client client(world.Text("plain"));
  Request request;
  *request.add_messages() = portolan::User("Hello");
  request.set_model("echo/echo");
  const auto split = client.Chat(request, {.headers = {{"x-portolan-trace-id", "a\r\nb"}}});
  check(!split && split.error().code == "invalid_argument", "a header with a line feed is refused");
  // A call that is cancelled before it begins never does.
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = client.Chat(request, {.stop = stop.get_token()});
  check(!stopped && stopped.error().code == "client_closed_request", "a stopped call is cancelled");
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argv[1];
  const World world({argv + 2, argv + argc});
  const bool is_control = world.places().at("control");
  const auto form_of = [](auto form) {
    return [](const std::string& target, portolan::ClientOptions options) -> std::unique_ptr<Form> {
      return std::make_unique<typename decltype(form)::type>(target, std::move(options));
    };
  };
  int passed = 0, failed = is_control ? 0 : CheckOwn(world, folder), unreached = 0;
  for (const auto& [label, form] : std::map<std::string, decltype(Stage::form)>{
           {"waiting", form_of(std::type_identity<Waiting>())},
           {"called back", form_of(std::type_identity<CalledBack>())}}) {
    for (const std::string name : world.places().at("scenarios")) {
      std::string problem;
      const int tries = is_control || name != "cancellation" ? 1 : 10;
      for (int i = 0; i < tries && (i == 0 || !problem.empty()); ++i)
        problem = Attempt(name, {.world = world, .folder = folder, .given = {}, .seen = {}, .form = form});
      const bool is_good = problem.empty() != is_control;
      (is_good ? passed : failed) += 1;
      unreached += problem.find("no request reached the upstream") != std::string::npos ? 1 : 0;
      if (!is_good)
        std::cout << "FAILED: " << label << " " << name << ": "
                  << (is_control ? "passes although nothing reached the upstream" : problem) << std::endl;
    }
  }
  if (is_control) {
    // Most of the control's answers are just right: those must have failed for want of a request upstream.
    std::cout << "control: " << passed << " scenarios failed, " << unreached
              << " of them only as nothing reached the upstream\n";
    failed += unreached < passed / 2 ? 1 : 0;
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed > 0 || passed == 0 ? 1 : 0;
}
