#include "server/core/hub_scan.h"

#include "server/codec/json_reader.h"

namespace portolan::core {
namespace {

using codec::JsonReader;
using codec::JsonType;

// Nobody counts so far; ten times as much is still an int64_t.
constexpr int64_t kTooMany = 100'000'000'000'000'000;

class HubScan {
 public:
  HubScan(std::string_view json, int max_depth, TokenUsage* usage, ChoiceTracker* choices)
      : reader_(json, max_depth), usage_(usage), choices_(choices) {}

  ScanResult Run() {
    if (reader_.Peek() != JsonType::kObject) return result_;
    reader_.EnterObject();
    return ReadMembers();
  }

  // The text is the rest of an object, from the value of its member `choices` on.
  ScanResult RunFromChoices() {
    ReadChoices();
    return ReadMembers();
  }

  // Where the value of `choices` begins, if nothing before it was looked for; else 0.
  size_t choices_offset() const { return choices_offset_; }

 private:
  ScanResult ReadMembers() {
    std::string_view name;
    bool looked_for = false;
    while (reader_.NextMember(&name, &scratch_)) {
      if (name == "choices") {
        if (!looked_for) choices_offset_ = reader_.offset();
        ReadChoices();
      } else if (name == "usage") {
        ReadUsage();
      } else if (name == "error") {
        if (reader_.Peek() != JsonType::kNull) result_.has_error = true;
        reader_.Skip();
      } else {
        reader_.Skip();
        continue;
      }
      looked_for = true;
    }
    result_.only_usage = has_usage_ && !has_choices_ && !result_.has_error;
    result_.is_object = reader_.AtEnd();
    return result_;
  }

  void ReadChoices() {
    if (reader_.Peek() != JsonType::kArray) {
      reader_.Skip();
      return;
    }
    reader_.EnterArray();
    while (reader_.NextElement()) {
      has_choices_ = true;
      ReadChoice();
    }
  }

  void ReadChoice() {
    if (reader_.Peek() != JsonType::kObject) {
      reader_.Skip();
      return;
    }
    int64_t index = 0;
    bool finished = false;
    reader_.EnterObject();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      if (name == "index") {
        index = ReadInteger();
      } else if (name == "finish_reason" && reader_.Peek() == JsonType::kString) {
        std::string_view reason;
        if (reader_.ReadString(&reason, &scratch_, codec::LoneSurrogate::kReplace) && !reason.empty()) {
          finished = true;
          result_.finish_reason = reason;
        }
      } else if (name == "delta") {
        ReadDelta();
      } else if (name == "text") {
        NoteContent();
      } else {
        reader_.Skip();
      }
    }
    const uint64_t bit = uint64_t{1} << (index < 0 || index > 63 ? 63 : index);
    choices_->seen |= bit;
    if (finished) choices_->finished |= bit;
  }

  // Content is the first non-empty text, reasoning, tool call, refusal or audio; a role alone is not.
  void ReadDelta() {
    if (result_.has_content || reader_.Peek() != JsonType::kObject) {
      reader_.Skip();
      return;
    }
    reader_.EnterObject();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      if (name == "role" || name == "type") {
        reader_.Skip();
      } else {
        NoteContent();
      }
    }
  }

  // The value that comes next counts as content unless it is null or empty.
  void NoteContent() {
    const JsonType type = reader_.Peek();
    std::string_view raw;
    if (!reader_.Skip(&raw)) return;
    if (type != JsonType::kNull && raw != "\"\"" && raw != "[]" && raw != "{}") result_.has_content = true;
  }

  int64_t ReadInteger() {
    if (reader_.Peek() != JsonType::kNumber) {
      reader_.Skip();
      return -1;
    }
    std::string_view text;
    if (!reader_.ReadNumber(&text)) return -1;
    int64_t value = 0;
    for (const char c : text) {
      // Of a number with a fraction the whole part counts.
      if (c < '0' || c > '9') return c == '-' ? -1 : value;
      if (value >= kTooMany) return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  }

  void ReadUsage() {
    if (reader_.Peek() != JsonType::kObject) {
      reader_.Skip();
      return;
    }
    has_usage_ = true;
    reader_.EnterObject();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      if (name == "prompt_tokens") {
        Keep(ReadInteger(), &usage_->input);
      } else if (name == "completion_tokens") {
        Keep(ReadInteger(), &usage_->output);
      } else if (name == "prompt_tokens_details") {
        ReadDetail("cached_tokens", &usage_->cached);
      } else if (name == "completion_tokens_details") {
        ReadDetail("reasoning_tokens", &usage_->reasoning);
      } else {
        reader_.Skip();
      }
    }
  }

  void ReadDetail(std::string_view wanted, int64_t* out) {
    if (reader_.Peek() != JsonType::kObject) {
      reader_.Skip();
      return;
    }
    reader_.EnterObject();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      if (name == wanted) {
        Keep(ReadInteger(), out);
      } else {
        reader_.Skip();
      }
    }
  }

  static void Keep(int64_t value, int64_t* out) {
    if (value >= 0) *out = value;
  }

  JsonReader reader_;
  TokenUsage* usage_;
  ChoiceTracker* choices_;
  std::string scratch_;
  ScanResult result_;
  size_t choices_offset_ = 0;
  bool has_choices_ = false;
  bool has_usage_ = false;
};

}  // namespace

ScanResult ScanHub(std::string_view json, int max_depth, TokenUsage* usage, ChoiceTracker* choices,
                   size_t* choices_offset) {
  HubScan scan(json, max_depth, usage, choices);
  ScanResult result = scan.Run();
  *choices_offset = scan.choices_offset();
  return result;
}

ScanResult ScanHubFromChoices(std::string_view json, int max_depth, TokenUsage* usage,
                              ChoiceTracker* choices) {
  return HubScan(json, max_depth, usage, choices).RunFromChoices();
}

}  // namespace portolan::core
