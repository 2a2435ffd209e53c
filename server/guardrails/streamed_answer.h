#pragma once

// A streamed answer when all of it is there: what is said in it, to be looked at as a whole.

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "server/guardrails/guardrail_run.h"
#include "server/guardrails/stream_texts.h"

namespace portolan::guardrails {

// All the text of one lane.
struct LaneText {
  Lane lane;
  std::string text;
};

// Its JSON is that of a chat completion with the texts alone, whatever the door: `{object, choices: [{index,
// message: {role, content, refusal, reasoning_content, reasoning, tool_calls, function_call, audio,
// content_blocks}}]}`. What takes its place may change texts that are there, each where it stands; members
// that it leaves out stay as they are.
class StreamedAnswer final : public Body {
 public:
  explicit StreamedAnswer(std::vector<LaneText> texts);

  // Of what is said, which this owns.
  View MakeView() { return View(&answer_); }
  std::string Json() const override;
  bool Replace(std::string_view json, View* view) override;

  // The text of one of them as it is now.
  const std::string& text(size_t index) const { return *places_[index]; }

 private:
  std::vector<LaneText> texts_;     // as they came
  std::vector<std::string> paths_;  // where each stands in the JSON: JSON pointers
  v1::ChatCompletion answer_;
  std::vector<std::string*> places_;  // in `answer_`
};

}  // namespace portolan::guardrails
