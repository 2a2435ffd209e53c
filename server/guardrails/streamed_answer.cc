#include "server/guardrails/streamed_answer.h"

#include <map>
#include <utility>

#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;
using Kind = Lane::Kind;

// Where the texts of a kind stand in a message. `%` is the place of the call or block in its list.
std::string_view MemberOf(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "content";
    case Kind::kRefusal:
      return "refusal";
    case Kind::kReasoningContent:
      return "reasoning_content";
    case Kind::kReasoning:
      return "reasoning";
    case Kind::kCallName:
      return "tool_calls/%/function/name";
    case Kind::kCallArguments:
      return "tool_calls/%/function/arguments";
    case Kind::kCustomName:
      return "tool_calls/%/custom/name";
    case Kind::kCustomInput:
      return "tool_calls/%/custom/input";
    case Kind::kFunctionName:
      return "function_call/name";
    case Kind::kFunctionArguments:
      return "function_call/arguments";
    case Kind::kTranscript:
      return "audio/transcript";
    case Kind::kBlockText:
      return "content_blocks/%/text";
    case Kind::kBlockThinking:
      return "content_blocks/%/thinking";
    case Kind::kBlockName:
      return "content_blocks/%/name";
    case Kind::kBlockInput:
      return "content_blocks/%/input";
  }
  return "content";
}

// The numbers that a stream gives to its choices, calls and blocks, as places in lists, in the order in which
// they came: a stream may number them as it likes.
class Places {
 public:
  size_t Of(const std::string& list, int number) {
    std::map<int, size_t>& places = lists_[list];
    return places.try_emplace(number, places.size()).first->second;
  }

 private:
  std::map<std::string, std::map<int, size_t>> lists_;
};

std::string PathOf(const Lane& lane, Places* places) {
  std::string path = "/choices/" + std::to_string(places->Of("", lane.choice)) + "/message/";
  const std::string_view member = MemberOf(lane.kind);
  const size_t place = member.find('%');
  if (place == std::string_view::npos) return path.append(member);
  path.append(member.substr(0, place));
  const size_t item = places->Of(path, lane.item);
  return path.append(std::to_string(item)).append(member.substr(place + 1));
}

}  // namespace

StreamedAnswer::StreamedAnswer(std::vector<LaneText> texts) : texts_(std::move(texts)) {
  Places places;
  for (const LaneText& one : texts_) {
    places_.push_back(PutText(one.lane, one.text, &answer_));
    paths_.push_back(PathOf(one.lane, &places));
  }
}

std::string StreamedAnswer::Json() const {
  json answer = {{"object", "chat.completion"}, {"choices", json::array()}};
  for (size_t i = 0; i < texts_.size(); ++i) {
    const std::string& path = paths_[i];
    const size_t choice = path.find("/message/");
    json& at = answer[json::json_pointer(path.substr(0, choice))];
    if (at.is_null()) at = {{"index", texts_[i].lane.choice}, {"message", {{"role", "assistant"}}}};
    answer[json::json_pointer(path)] = *places_[i];
    const size_t call = path.find("tool_calls/");
    if (call == std::string::npos) continue;
    const size_t kind = path.find('/', call + std::string_view("tool_calls/").size());
    const size_t end = path.find('/', kind + 1);
    answer[json::json_pointer(path.substr(0, kind) + "/type")] = path.substr(kind + 1, end - kind - 1);
  }
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool StreamedAnswer::Replace(std::string_view text, View*) {
  const auto given = ParseJson(text);
  if (!given || !given->is_object()) return false;
  std::vector<std::string> changed;
  for (size_t i = 0; i < texts_.size(); ++i) {
    const json::json_pointer path(paths_[i]);
    if (!given->contains(path)) {
      changed.push_back(*places_[i]);
      continue;
    }
    const json& value = (*given)[path];
    if (!value.is_string() && !value.is_null()) return false;
    changed.push_back(value.is_null() ? std::string() : value.get<std::string>());
  }
  // The view's pieces are these very texts.
  for (size_t i = 0; i < texts_.size(); ++i) *places_[i] = std::move(changed[i]);
  return true;
}

}  // namespace portolan::guardrails
