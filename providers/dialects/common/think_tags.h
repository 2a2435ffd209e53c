#pragma once

// Reasoning that models write into the text of their answer, between `<think>` and `</think>`.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers {

// Takes the text of one answer apart, in whatever pieces it comes. Reasoning is what stands between the tags
// at its very start, white space before them aside; tags anywhere else are text like any other. A text that
// never closes is reasoning to its end. Line feeds beside the tags belong to neither. Not thread-safe.
class ThinkSplitter {
 public:
  // Appends to `reasoning` and `content` what is certain by now.
  void Take(std::string_view text, std::string* reasoning, std::string* content);
  // The text is over: appends what was held back.
  void End(std::string* reasoning, std::string* content);

 private:
  enum class State : uint8_t { kStart, kOpened, kThinking, kClosed, kContent };

  // Each takes from `text` what belongs to its state, which ends, or not.
  void TakeStart(std::string_view* text, std::string* content);
  void TakeThinking(std::string_view* text, std::string* reasoning);
  void SkipLineFeeds(std::string_view* text, State next);

  State state_ = State::kStart;
  std::string held_;  // of which it is not certain yet what it is: white space, and the beginning of a tag
};

// The text that says both, as such models write it: what goes back to them with the next turn. The layout is
// that of MiniMax-M2's chat template.
std::string WithThinkTags(std::string_view reasoning, std::string_view content);

}  // namespace portolan::providers
