#include "server/cli/chat_answer.h"

#include <nlohmann/json.hpp>

#include "server/cli/web.h"

namespace portolan::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int64_t> CountOf(const json& usage, const char* name) {
  const auto found = usage.find(name);
  if (found == usage.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

}  // namespace

std::string WithoutControls(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, which some terminals obey as well, are C2 80 to C2 9F.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      ++i;
    } else if (byte >= 0x20 ? byte != 0x7f : text[i] == '\n' || text[i] == '\t') {
      out += text[i];
    }
  }
  return out;
}

bool ChatAnswer::Take(std::string_view bytes) {
  http::StreamEvent event;
  reader_.Push(bytes);
  while (!done_ && problem_.empty()) {
    const http::SseReader::Result result = reader_.Next(&event);
    if (result == http::SseReader::Result::kNeedMore) return true;
    if (result == http::SseReader::Result::kTooLarge) {
      problem_ = "an event of the answer is too large";
    } else if (event.has_data) {
      TakeEvent(event.data);
    }
  }
  return false;
}

void ChatAnswer::TakeEvent(std::string_view data) {
  if (data == "[DONE]") {
    done_ = true;
    return;
  }
  const json chunk = json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!chunk.is_object()) {
    problem_ = "an event of the answer is no JSON object: " + Printable(data);
    return;
  }
  if (looks_.as_json) {
    std::fprintf(out_, "%.*s\n", static_cast<int>(data.size()), data.data());
    std::fflush(out_);
  }
  if (const auto error = chunk.find("error"); error != chunk.end() && error->is_object()) {
    problem_ = Printable(TextOf(*error, "message"), 2000);
    if (problem_.empty()) problem_ = "the answer ends with an error: " + Printable(data);
    return;
  }
  if (const auto usage = chunk.find("usage"); usage != chunk.end() && usage->is_object()) {
    tokens_in_ = CountOf(*usage, "prompt_tokens");
    tokens_out_ = CountOf(*usage, "completion_tokens");
  }
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array() || choices->empty() || !choices->front().is_object())
    return;
  const json& choice = choices->front();
  if (!TextOf(choice, "finish_reason").empty()) finished_ = true;
  const auto delta = choice.find("delta");
  if (delta == choice.end() || !delta->is_object()) return;
  const std::string content = TextOf(*delta, "content") + TextOf(*delta, "refusal");
  const std::string reasoning = TextOf(*delta, "reasoning_content");
  if (!first_token_ && (!content.empty() || !reasoning.empty())) first_token_ = Clock::now() - begun_;
  if (looks_.colours) Print(reasoning, /*dim=*/true);
  Print(content, /*dim=*/false);
  text_ += content;
}

void ChatAnswer::Print(std::string_view text, bool dim) {
  if (looks_.as_json || text.empty()) return;
  if (dim != dim_) {
    std::fputs(std::string(dim ? kDim : kPlain).append(dim ? "" : "\n").c_str(), out_);
    dim_ = dim;
  }
  const std::string shown = looks_.terminal ? WithoutControls(text) : std::string(text);
  std::fwrite(shown.data(), 1, shown.size(), out_);
  std::fflush(out_);
}

std::string ChatAnswer::problem() const {
  if (!problem_.empty()) return problem_;
  return done_ || finished_ ? std::string() : "the answer broke off before its end";
}

std::string ChatAnswer::Figures() const {
  std::string figures;
  const auto add = [&](const std::string& what) { figures += (figures.empty() ? "" : ", ") + what; };
  if (first_token_) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f", std::chrono::duration<double>(*first_token_).count());
    add("first token after " + std::string(seconds) + " s");
  }
  if (tokens_in_) add(std::to_string(*tokens_in_) + " tokens in");
  if (tokens_out_) add(std::to_string(*tokens_out_) + (tokens_in_ ? " out" : " tokens out"));
  return figures;
}

}  // namespace portolan::cli
