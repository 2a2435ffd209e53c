#pragma once

// Recorded exchanges as they went over the wire: bodies are the recorded text or bytes, not values read from
// them. They
// are kept beside the project and not in it: in the folder that PORTOLAN_RECORDINGS names, else in
// ../shared/recordings.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/script.h"

namespace portolan::conformance {

struct Replay {
  std::string provider;
  std::string name;      // of the file, without `.json`
  std::string endpoint;  // `chat`, `embeddings`; the recordings' own word
  std::string method;
  std::string path;          // of the URL, with its query
  std::string request_type;  // its Content-Type; empty: not recorded
  std::string request;       // empty: none
  int status = 0;
  test::Headers headers;  // of the answer; names in lower case
  std::string response;

  std::string label() const { return provider + "/" + name; }
  std::string content_type() const;
  bool streams() const { return content_type().starts_with("text/event-stream"); }
};

// All recordings of all providers, by provider and name; nullopt if there are none on this machine.
std::optional<std::vector<Replay>> LoadReplays();

// The answer as an upstream gives it: with its length, or, of a stream, chunked in pieces of `piece` bytes
// (0: one piece).
test::Script AnswerOf(const Replay& replay, size_t piece);
// The same, chunked in pieces whatever it is.
test::Script ChunkedAnswerOf(const Replay& replay, size_t piece);

// The data of a stream's events, comments and empty ones left out.
std::vector<std::string> EventData(std::string_view stream);

}  // namespace portolan::conformance
