#include "providers/dialects/common/think_tags.h"

#include <algorithm>

namespace portolan::providers {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view WithoutLastLineFeeds(std::string_view text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

// How much at the end of `text` may be the beginning of `tag`.
size_t BegunTag(std::string_view text, std::string_view tag) {
  size_t size = std::min(text.size(), tag.size() - 1);
  while (size > 0 && !text.ends_with(tag.substr(0, size))) --size;
  return size;
}

}  // namespace

void ThinkSplitter::Take(std::string_view text, std::string* reasoning, std::string* content) {
  while (!text.empty() && state_ != State::kContent) {
    switch (state_) {
      case State::kStart:
        TakeStart(&text, content);
        break;
      case State::kOpened:
        SkipLineFeeds(&text, State::kThinking);
        break;
      case State::kThinking:
        TakeThinking(&text, reasoning);
        break;
      case State::kClosed:
        SkipLineFeeds(&text, State::kContent);
        break;
      case State::kContent:
        break;
    }
  }
  content->append(text);
}

void ThinkSplitter::End(std::string* reasoning, std::string* content) {
  (state_ == State::kThinking ? reasoning : content)->append(held_);
  held_.clear();
}

void ThinkSplitter::TakeStart(std::string_view* text, std::string* content) {
  const size_t before = held_.size();
  held_.append(*text);
  const size_t begin = std::min(held_.find_first_not_of(kSpace), held_.size());
  const std::string_view said = std::string_view(held_).substr(begin);
  if (said.starts_with(kOpen)) {
    text->remove_prefix(begin + kOpen.size() - before);
    state_ = State::kOpened;
  } else if (kOpen.starts_with(said)) {
    *text = {};
    return;
  } else {
    *text = {};
    content->append(held_);
    state_ = State::kContent;
  }
  held_.clear();
}

void ThinkSplitter::TakeThinking(std::string_view* text, std::string* reasoning) {
  const size_t before = held_.size();
  held_.append(*text);
  const size_t end = held_.find(kClose);
  if (end != std::string::npos) {
    reasoning->append(WithoutLastLineFeeds(std::string_view(held_).substr(0, end)));
    text->remove_prefix(end + kClose.size() - before);
    held_.clear();
    state_ = State::kClosed;
    return;
  }
  *text = {};
  const std::string_view open = std::string_view(held_).substr(0, held_.size() - BegunTag(held_, kClose));
  const size_t certain = WithoutLastLineFeeds(open).size();
  reasoning->append(held_, 0, certain);
  held_.erase(0, certain);
}

void ThinkSplitter::SkipLineFeeds(std::string_view* text, State next) {
  text->remove_prefix(std::min(text->find_first_not_of('\n'), text->size()));
  if (!text->empty()) state_ = next;
}

std::string WithThinkTags(std::string_view reasoning, std::string_view content) {
  std::string text;
  text.reserve(kOpen.size() + kClose.size() + reasoning.size() + content.size() + 4);
  text.append(kOpen).append("\n").append(reasoning).append("\n").append(kClose).append("\n\n").append(
      content);
  return text;
}

}  // namespace portolan::providers
