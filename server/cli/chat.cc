// `portolan chat`.

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "server/base/text_file.h"
#include "server/cli/chat_answer.h"
#include "server/cli/door.h"
#include "server/cli/handlers.h"
#include "server/cli/web.h"

namespace portolan::cli {
namespace {

using nlohmann::json;

constexpr int kInterrupted = 130;  // as shells say of SIGINT
constexpr size_t kMaxInput = 16u << 20;
constexpr size_t kMaxImage = 20u << 20;

volatile sig_atomic_t interrupted = 0;

// While this lives, Ctrl-C ends a call and not the process.
class Interrupts {
 public:
  Interrupts() {
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, &former_);
  }
  ~Interrupts() { sigaction(SIGINT, &former_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  struct sigaction former_ = {};
};

// Everything that is left to read, up to a bound; false beyond it.
bool ReadRest(std::FILE* in, std::string* text) {
  std::array<char, 8192> buffer;
  while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), in)) {
    text->append(buffer.data(), got);
    if (text->size() > kMaxInput) return false;
  }
  return true;
}

// A line without its end; false where there is none.
bool ReadLine(std::FILE* in, std::string* line) {
  line->clear();
  for (int c; (c = std::fgetc(in)) != EOF;) {
    if (c == '\n') return true;
    if (line->size() < kMaxInput) line->push_back(static_cast<char>(c));
  }
  return !line->empty();
}

// By how the file begins; empty: no picture that models take.
std::string_view TypeOfImage(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return {};
}

// What a user says: a text, with a picture if there is one.
absl::StatusOr<json> UserMessage(const std::string& text, const std::string& image) {
  if (image.empty()) return json{{"role", "user"}, {"content", text}};
  std::string bytes;
  std::string problem;
  if (!ReadTextFile(image, kMaxImage, &bytes, &problem)) {
    return absl::InvalidArgumentError(image + ": " + problem);
  }
  const std::string_view type = TypeOfImage(bytes);
  if (type.empty()) return absl::InvalidArgumentError(image + ": neither PNG, JPEG, GIF nor WebP");
  const std::string url = "data:" + std::string(type) + ";base64," + absl::Base64Escape(bytes);
  return json{{"role", "user"},
              {"content",
               {{{"type", "text"}, {"text", text}}, {{"type", "image_url"}, {"image_url", {{"url", url}}}}}}};
}

class Chat {
 public:
  Chat(const Arguments& arguments, const Host& host, const Door& door)
      : host_(host), door_(door), model_(arguments.Get("--model")), image_(arguments.Get("--image")) {
    looks_.as_json = arguments.Has("--json");
    looks_.terminal = isatty(fileno(host.out)) != 0;
    looks_.colours =
        looks_.terminal && config::ReadVariable(host.environment, "NO_COLOR").value_or("").empty();
    if (const std::string system = arguments.Get("--system"); !system.empty())
      messages_.push_back({{"role", "system"}, {"content", system}});
  }

  // One question and its answer; returns the exit status.
  int Say(const std::string& text) {
    auto message = UserMessage(text, std::exchange(image_, {}));
    if (!message.ok()) return Fail(host_, std::string(message.status().message()), 2);
    messages_.push_back(*std::move(message));
    const json body = {{"model", model_},
                       {"messages", messages_},
                       {"stream", true},
                       {"stream_options", {{"include_usage", true}}}};
    WebRequest request{
        .method = "POST", .url = door_.url + "/v1/chat/completions", .headers = door_.Headers()};
    request.headers.push_back({"content-type", "application/json"});
    request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    request.timeout = std::chrono::minutes(10);
    WebAnswer answer;
    ChatAnswer said(host_.out, looks_);
    interrupted = 0;
    const Interrupts interrupts;
    const absl::Status status = AskStreamed(
        request, [] { return interrupted != 0; }, &answer,
        [&](std::string_view bytes) { return said.Take(bytes); });
    return Finish(status, answer, said);
  }

  // Questions from a terminal until its input ends.
  int Converse() {
    std::fprintf(host_.err, "portolan: you talk to %s; Ctrl-C ends an answer, Ctrl-D the talk\n",
                 Printable(model_).c_str());
    for (std::string line;;) {
      std::fputs("> ", host_.err);
      if (!ReadLine(host_.in, &line)) break;
      if (line.find_first_not_of(" \t\r") != std::string::npos) Say(line);
    }
    std::fputc('\n', host_.err);
    return 0;
  }

 private:
  // What a failure says goes to stderr, and the question is forgotten, so that it can be put again.
  int Finish(const absl::Status& status, const WebAnswer& answer, const ChatAnswer& said) {
    if (!said.text().empty() && !looks_.as_json) std::fputc('\n', host_.out);
    std::fflush(host_.out);
    std::string problem;
    int exit_status = 1;
    if (absl::IsCancelled(status)) {
      problem = "stopped";
      exit_status = kInterrupted;
    } else if (!status.ok()) {
      problem = std::string(status.message());
    } else if (answer.status != 200) {
      problem = ErrorOf(answer.status, answer.body);
    } else {
      problem = said.problem();
    }
    if (!problem.empty()) {
      messages_.erase(messages_.size() - 1);
      return Fail(host_, problem, exit_status);
    }
    messages_.push_back({{"role", "assistant"}, {"content", said.text()}});
    if (const std::string figures = said.Figures(); !figures.empty() && !looks_.as_json)
      std::fprintf(host_.err, "portolan: %s\n", figures.c_str());
    return 0;
  }

  const Host& host_;
  const Door& door_;
  const std::string model_;
  std::string image_;  // of the first question
  ChatAnswer::Looks looks_;
  json messages_ = json::array();
};

}  // namespace

int RunChat(const Arguments& arguments, const Host& host) {
  if (arguments.Get("--model").empty()) {
    return Fail(
        host,
        "which model? --model PROVIDER/MODEL, as in --model echo/echo; `portolan models PROVIDER` lists them",
        2);
  }
  std::string prompt;
  for (const std::string& word : arguments.operands) prompt += (prompt.empty() ? "" : " ") + word;
  const bool talks = prompt.empty() && isatty(fileno(host.in)) != 0;
  if (!talks && (prompt.empty() || prompt == "-")) {
    prompt.clear();
    if (!ReadRest(host.in, &prompt)) return Fail(host, "stdin has more than 16 MB", 2);
    while (prompt.ends_with('\n') || prompt.ends_with('\r')) prompt.pop_back();
    if (prompt.empty()) return Fail(host, "there is nothing to say: give a PROMPT, or a text on stdin", 2);
  }
  const auto door = OpenDoor(arguments, host);
  if (!door.ok()) {
    return Fail(host, std::string(door.status().message()), absl::IsInvalidArgument(door.status()) ? 2 : 1);
  }
  Chat chat(arguments, host, *door);
  return talks ? chat.Converse() : chat.Say(prompt);
}

}  // namespace portolan::cli
