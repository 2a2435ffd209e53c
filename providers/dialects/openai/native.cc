#include "providers/dialects/openai/native.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/text.h"

namespace portolan::providers::openai {
namespace {

// Budgets of tokens up to which an effort goes.
constexpr int64_t kLowBudget = 4095;
constexpr int64_t kMediumBudget = 16383;

constexpr std::array<std::string_view, 6> kForeign = {"cache_control", "container",     "context_management",
                                                      "diagnostics",   "inference_geo", "speed"};

// What `content`, `tool_calls` and `reasoning_content` show.
constexpr std::array<std::string_view, 4> kShown = {"text", "tool_use", "thinking", "compaction"};

template <typename List>
bool Contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string At(std::string_view list, int index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

class NativeMaker {
 public:
  NativeMaker(v1::ChatCompletionRequest* request, NativeKeeps keeps, DroppedMembers* dropped)
      : request_(*request), keeps_(keeps), dropped_(*dropped) {}

  std::optional<Error> Run() {
    for (int i = 0; i < request_.messages_size(); ++i) {
      if (!Fit(request_.mutable_messages(i), At("messages", i))) return std::move(error_);
    }
    auto* messages = request_.mutable_messages();
    messages->erase(std::remove_if(messages->begin(), messages->end(), SaysNothing), messages->end());
    for (int i = 0; i < request_.tools_size(); ++i) {
      if (!Fit(request_.mutable_tools(i), At("tools", i))) return std::move(error_);
    }
    return FitMembers() ? std::nullopt : std::move(error_);
  }

 private:
  bool Fail(std::string message, std::string path) {
    error_ = Error::InvalidRequest("unsupported_value", std::move(message), std::move(path));
    return false;
  }

  template <typename M>
  void DropMark(M* message, const std::string& path) {
    if (!message->has_cache_control()) return;
    message->clear_cache_control();
    dropped_.push_back(path + ".cache_control");
  }

  bool Fit(v1::Message* message, const std::string& path) {
    DropMark(message, path);
    if (message->role() == "assistant") {
      for (int i = 0; i < message->content_blocks_size(); ++i) {
        if (!Contains(kShown, message->content_blocks(i).type()))
          dropped_.push_back(At(path + ".content_blocks", i));
      }
    }
    message->clear_content_blocks();
    if (message->has_reasoning_content() && !keeps_.reasoning) {
      message->clear_reasoning_content();
      dropped_.push_back(path + ".reasoning_content");
    }
    if (!FitContent(message, path)) return false;
    if (!message->has_content() && !message->tool_calls().empty()) {
      v1::Extra* content = message->add_extra();
      content->set_name("content");
      content->set_json("null");
    }
    return true;
  }

  bool FitContent(v1::Message* message, const std::string& path) {
    if (message->content().kind_case() != v1::Content::kParts) return true;
    auto* parts = message->mutable_content()->mutable_parts()->mutable_items();
    std::string text;
    bool all_text = true;
    for (int i = 0; i < parts->size(); ++i) {
      v1::ContentPart* part = parts->Mutable(i);
      const std::string place = At(path + ".content", i);
      DropMark(part, place);
      if (part->has_file() && !FitFile(part->mutable_file(), place)) return false;
      all_text = all_text && part->has_text();
      if (!text.empty()) text += "\n\n";
      text += part->text();
    }
    if (all_text) message->mutable_content()->set_text(std::move(text));
    return true;
  }

  bool FitFile(v1::FilePart* file, const std::string& path) {
    if (StartsWithIgnoreCase(file->file_data(), "http")) {
      return Fail("a document by URL cannot be sent to this provider", path + ".file.file_data");
    }
    // Beside data there must be a name.
    if (file->has_file_data() && !file->has_filename()) file->set_filename("document.pdf");
    return true;
  }

  bool Fit(v1::Tool* tool, const std::string& path) {
    DropMark(tool, path);
    if (!tool->has_function() && !tool->has_custom()) {
      return Fail("this provider has no tools of type \"" + tool->type() + "\"", path);
    }
    for (const v1::Extra& extra : tool->extra()) dropped_.push_back(path + "." + extra.name());
    tool->clear_extra();
    return true;
  }

  bool FitMembers() {
    FitThinking();
    if (request_.has_top_k() && !keeps_.top_k) {
      request_.clear_top_k();
      dropped_.push_back("top_k");
    }
    auto* extras = request_.mutable_extra();
    for (const v1::Extra& extra : *extras) {
      if (extra.name() == "mcp_servers") return Fail("this provider calls no MCP servers", extra.name());
      if (Contains(kForeign, extra.name())) dropped_.push_back(extra.name());
    }
    const auto foreign = [](const v1::Extra& extra) { return Contains(kForeign, extra.name()); };
    extras->erase(std::remove_if(extras->begin(), extras->end(), foreign), extras->end());
    return true;
  }

  void FitThinking() {
    if (!request_.has_thinking()) return;
    const v1::ThinkingConfig thinking = std::move(*request_.mutable_thinking());
    request_.clear_thinking();
    if (request_.has_reasoning_effort() || thinking.type() == "adaptive") return;
    if (thinking.type() != "enabled") {
      dropped_.emplace_back("thinking");
      return;
    }
    const int64_t budget = thinking.budget_tokens();
    request_.set_reasoning_effort(budget <= kLowBudget ? "low" : budget <= kMediumBudget ? "medium" : "high");
  }

  // Nothing is left of a message that was made of other APIs' blocks alone.
  static bool SaysNothing(const v1::Message& message) {
    return !message.has_content() && message.tool_calls().empty() && message.extra().empty();
  }

  v1::ChatCompletionRequest& request_;
  const NativeKeeps keeps_;
  DroppedMembers& dropped_;
  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> MakeNative(v1::ChatCompletionRequest* request, NativeKeeps keeps,
                                DroppedMembers* dropped) {
  return NativeMaker(request, keeps, dropped).Run();
}

}  // namespace portolan::providers::openai
