#include "tests/faults/messages_reader.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

namespace portolan::faults {
namespace {

using nlohmann::json;

// Reads `{"type": "error", "error": {...}}`.
void ReadMessagesError(const json& document, Seen* seen) {
  const json error = document.value("error", json::object());
  if (document.value("type", "") != "error" || !error.is_object()) {
    seen->malformed = "no error object: " + document.dump();
    return;
  }
  for (const char* name : {"type", "message"}) {
    if (error.value(name, "").empty())
      seen->malformed = "the error has no " + std::string(name) + ": " + document.dump();
  }
  seen->code = error.value("type", "");  // of Anthropic's own errors, which pass untouched
  if (!error.contains("portolan")) return;
  seen->code = error["portolan"].value("code", seen->code);
  seen->error_class = error["portolan"].value("class", "");
}

struct MessagesEvent {
  std::string name;
  std::string data;
  bool whole = false;  // its blank line has come
};

// By the rules of the standard for lines that end in LF.
std::vector<MessagesEvent> EventsOf(const std::string& body) {
  std::vector<MessagesEvent> events;
  MessagesEvent event;
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) event.data += line.substr(6);
    if (!line.empty() || event.data.empty()) continue;
    event.whole = true;
    events.push_back(std::exchange(event, {}));
  }
  if (!event.data.empty()) events.push_back(event);
  return events;
}

}  // namespace

void ReadMessage(const test::TestAnswer& answer, Seen* seen) {
  if (!answer.complete) seen->malformed = "the answer is not whole";
  const json document = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    seen->malformed = "not a JSON object: " + answer.body.substr(0, 200);
  } else if (answer.status == 200) {
    seen->kind = Outcome::Kind::kAnswer;
    seen->text = document.value(json::json_pointer("/content/0/text"), "");
    if (document.value("type", "") != "message") seen->malformed = "no message: " + document.dump();
  } else {
    seen->kind = Outcome::Kind::kError;
    ReadMessagesError(document, seen);
    // What an error that passed untouched is, is told by a header.
    const std::string header = answer.Header("x-portolan-error");
    if (!header.empty()) seen->error_class = json::parse(header, nullptr, false).value("class", "");
  }
}

void ReadMessageStream(const test::TestAnswer& answer, Seen* seen) {
  seen->kind = Outcome::Kind::kAnswer;
  bool started = false;
  bool stopped = false;
  for (const MessagesEvent& event : EventsOf(answer.body)) {
    if (event.name == "ping") continue;  // whatever it says
    if (stopped || seen->kind == Outcome::Kind::kBreak)
      seen->malformed = "something after the end: " + event.data;
    const json document = json::parse(event.data, nullptr, false);
    if (!event.whole || !document.is_object() || document.value("type", "") != event.name) {
      seen->malformed = "not a whole event: " + event.data.substr(0, 200);
      continue;
    }
    if (event.name == "error") {
      seen->kind = Outcome::Kind::kBreak;
      ReadMessagesError(document, seen);
    } else if (!started && event.name != "message_start") {
      seen->malformed = "begins with " + event.name;
    }
    started |= event.name == "message_start";
    stopped |= event.name == "message_stop";
    if (event.name == "content_block_delta")
      seen->text += document.value(json::json_pointer("/delta/text"), "");
  }
  if (!answer.complete) seen->malformed = "the stream is not in good framing";
  if (seen->kind == Outcome::Kind::kAnswer && !stopped) seen->malformed = "a clean end without message_stop";
}

}  // namespace portolan::faults
