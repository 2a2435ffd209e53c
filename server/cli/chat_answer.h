#pragma once

// What a streamed chat answers, event by event. Internal to cli/.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/sse.h"

namespace portolan::cli {

// Reads an answer of /v1/chat/completions and prints it as it comes. Not thread-safe.
class ChatAnswer {
 public:
  using Clock = std::chrono::steady_clock;

  struct Looks {
    bool as_json = false;   // print the chunks as they are, a line each
    bool terminal = false;  // leave out what a terminal might obey
    bool colours = false;   // show reasoning, dimly
  };

  ChatAnswer(std::FILE* out, const Looks& looks) : out_(out), looks_(looks), begun_(Clock::now()) {}

  // Takes the next bytes. Returns false once the answer has ended, well or not.
  bool Take(std::string_view bytes);

  // Why the answer is none; empty if it is whole. After the last Take.
  std::string problem() const;
  // All of its text.
  const std::string& text() const { return text_; }
  // `first token after 0.31 s, 12 tokens in, 34 out`
  std::string Figures() const;

 private:
  void TakeEvent(std::string_view data);
  void Print(std::string_view text, bool dim);

  std::FILE* const out_;
  const Looks looks_;
  const Clock::time_point begun_;
  http::SseReader reader_;
  std::string text_;
  std::string problem_;
  bool dim_ = false;
  bool done_ = false;
  bool finished_ = false;  // the model has said why it ended
  std::optional<Clock::duration> first_token_;
  std::optional<int64_t> tokens_in_;
  std::optional<int64_t> tokens_out_;
};

// The text without control characters, but for line feeds and tabs.
std::string WithoutControls(std::string_view text);

}  // namespace portolan::cli
