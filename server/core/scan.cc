#include "server/core/scan.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace portolan::core {
namespace {

using codec::JsonReader;
using codec::JsonType;

// Nobody counts so far; ten times as much is still an int64_t.
constexpr int64_t kTooMany = 100'000'000'000'000'000;

constexpr int kMaxDepth = 128;
// Of what a stream's events have in common, so much is kept at most.
constexpr size_t kMaxBegin = 1024;

std::string_view NextPart(std::string_view* text, char separator) {
  const size_t end = std::min(text->find(separator), text->size());
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return part;
}

}  // namespace

ScanPlan::ScanPlan(const providers::Accounting& accounting) : end_value_(accounting.end_value) {
  nodes_.emplace_back();
  if (!accounting.choices.empty()) {
    nodes_[Add(accounting.choices, Use::kInner)].is_choices = true;
    Add(accounting.index, Use::kIndex);
  }
  AddCounts(accounting.input, Kind::kInput);
  AddCounts(accounting.output, Kind::kOutput);
  AddCounts(accounting.cached, Kind::kCached);
  AddCounts(accounting.reasoning, Kind::kReasoning);
  for (const std::string_view path : accounting.finish) Add(path, Use::kFinish);
  for (const std::string_view path : accounting.content) Add(path, Use::kContent);
  for (const std::string_view path : accounting.not_content) Add(path, Use::kIgnored);
  for (const std::string_view path : accounting.error) Add(path, Use::kError);
  if (!accounting.end_path.empty()) Add(accounting.end_path, Use::kEnd);
  Sum(0);
}

void ScanPlan::AddCounts(const std::vector<std::string_view>& paths, Kind kind) {
  for (std::string_view alternatives : paths) {
    if (count_ == kMaxCounts) std::abort();
    kinds_[count_] = kind;
    const auto bit = static_cast<uint8_t>(1u << count_++);
    while (!alternatives.empty()) Add(NextPart(&alternatives, '|'), Use::kCounts, bit);
  }
}

uint16_t ScanPlan::Add(std::string_view path, Use use, uint8_t counts) {
  uint16_t at = 0;
  while (!path.empty()) {
    std::string_view name = NextPart(&path, '.');
    const bool is_list = name.ends_with("[]");
    if (is_list) name.remove_suffix(2);
    uint16_t next = name == "*" ? nodes_[at].others : 0;
    for (const uint16_t child : nodes_[at].children) {
      if (nodes_[child].name == name) next = child;
    }
    if (next == 0) {
      next = static_cast<uint16_t>(nodes_.size());
      nodes_.emplace_back().name = name;
      if (name == "*") {
        nodes_[at].others = next;
      } else {
        nodes_[at].children.push_back(next);
      }
    }
    at = next;
    nodes_[at].is_list |= is_list;
  }
  if (at == 0) std::abort();
  Node& node = nodes_[at];
  // One value may count twice: tokens read from a cache belong to the input as well.
  if (node.use != Use::kInner && node.use != use) std::abort();
  node.use = use;
  node.counts |= counts;
  return at;
}

// What is below each node, from the leaves up.
void ScanPlan::Sum(uint16_t at) {
  std::vector<uint16_t> below = nodes_[at].children;
  if (nodes_[at].others != 0) below.push_back(nodes_[at].others);
  const Use use = nodes_[at].use;
  nodes_[at].only_content = use == Use::kContent || use == Use::kIgnored || !below.empty();
  nodes_[at].only_counts = use == Use::kCounts || !below.empty();
  for (const uint16_t child : below) {
    Sum(child);
    nodes_[at].only_content &= nodes_[child].only_content;
    nodes_[at].only_counts &= nodes_[child].only_counts;
  }
}

class Scanner::Run {
 public:
  Run(Scanner& scanner, std::string_view json, int max_depth)
      : scanner_(scanner), plan_(scanner.plan_), reader_(json, max_depth) {}

  ScanResult Whole() {
    if (reader_.Peek() != JsonType::kObject) return std::move(result_);
    reader_.EnterObject();
    return RestOfRoot();
  }

  // The text is the rest of the root, from the value of the member `first` on.
  ScanResult From(const ScanPlan::Node& first) {
    Take(first);
    looked_ = true;
    return RestOfRoot();
  }

  // Where the first value that was looked at begins, and what it is, if that is no plain value; else 0.
  size_t first_offset() const { return first_offset_; }
  const ScanPlan::Node* first() const { return first_; }

 private:
  using Node = ScanPlan::Node;
  using Use = ScanPlan::Use;

  ScanResult RestOfRoot() {
    const Node& root = plan_.nodes_.front();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      const Node* const child = plan_.ChildOf(root, name);
      if (child == nullptr) {
        reader_.Skip();
        continue;
      }
      if (!looked_ && child->use == Use::kInner) {
        first_offset_ = reader_.offset();
        first_ = child;
      }
      looked_ = true;
      Take(*child);
    }
    result_.only_usage = has_usage_ && !has_choices_ && !result_.has_error;
    result_.is_object = reader_.AtEnd();
    return std::move(result_);
  }

  // The value that comes next is what `node` describes.
  void Take(const Node& node) {
    switch (node.use) {
      case Use::kInner:
        return node.is_list ? TakeList(node) : TakeObject(node);
      case Use::kCounts:
        return TakeCount(node);
      case Use::kIndex:
        index_ = ReadInteger();
        return;
      case Use::kFinish:
        return TakeFinish();
      case Use::kContent:
        return NoteContent();
      case Use::kError:
        if (reader_.Peek() != JsonType::kNull) result_.has_error = true;
        break;
      case Use::kEnd:
        return TakeEnd();
      case Use::kIgnored:
      case Use::kNone:
        break;
    }
    reader_.Skip();
  }

  void TakeList(const Node& node) {
    if (reader_.Peek() != JsonType::kArray) {
      reader_.Skip();
      return;
    }
    reader_.EnterArray();
    while (reader_.NextElement()) {
      if (!node.is_choices) {
        TakeObject(node);
        continue;
      }
      has_choices_ = true;
      TakeChoice(node);
    }
  }

  void TakeChoice(const Node& node) {
    if (reader_.Peek() != JsonType::kObject) {
      reader_.Skip();
      return;
    }
    index_ = 0;
    finished_ = false;
    in_choice_ = true;
    TakeObject(node);
    in_choice_ = false;
    const uint64_t bit = uint64_t{1} << (index_ < 0 || index_ > 63 ? 63 : index_);
    scanner_.choices_.seen |= bit;
    if (finished_) scanner_.choices_.finished |= bit;
  }

  void TakeObject(const Node& node) {
    // One piece of content is enough.
    if (reader_.Peek() != JsonType::kObject || (node.only_content && result_.has_content)) {
      reader_.Skip();
      return;
    }
    has_usage_ |= node.only_counts;
    reader_.EnterObject();
    std::string_view name;
    while (reader_.NextMember(&name, &scratch_)) {
      if (const Node* child = plan_.ChildOf(node, name)) {
        Take(*child);
      } else {
        reader_.Skip();
      }
    }
  }

  void TakeCount(const Node& node) {
    const int64_t value = ReadInteger();
    if (value < 0) return;
    for (unsigned bits = node.counts, i = 0; bits != 0; bits >>= 1, ++i) {
      if ((bits & 1) != 0) scanner_.counts_[i] = value;
    }
  }

  void TakeFinish() {
    if (reader_.Peek() != JsonType::kString) {
      reader_.Skip();
      return;
    }
    std::string_view reason;
    if (!reader_.ReadString(&reason, &scratch_, codec::LoneSurrogate::kReplace) || reason.empty()) return;
    result_.finish_reason = reason;
    finished_ = true;
    if (!in_choice_) scanner_.choices_ = {1, 1};
  }

  void TakeEnd() {
    std::string_view value;
    if (reader_.Peek() != JsonType::kString) {
      reader_.Skip();
    } else if (reader_.ReadString(&value, &scratch_, codec::LoneSurrogate::kReplace)) {
      result_.is_end = value == plan_.end_value_;
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

  Scanner& scanner_;
  const ScanPlan& plan_;
  JsonReader reader_;
  std::string scratch_;
  ScanResult result_;
  size_t first_offset_ = 0;
  const Node* first_ = nullptr;
  bool looked_ = false;
  int64_t index_ = 0;  // of the choice
  bool finished_ = false;
  bool in_choice_ = false;
  bool has_choices_ = false;
  bool has_usage_ = false;
};

ScanResult Scanner::ScanWhole(std::string_view json) { return Run(*this, json, kMaxDepth).Whole(); }

ScanResult Scanner::Scan(std::string_view json) {
  if (!begin_.empty() && json.starts_with(begin_)) {
    // Within the object that is open already.
    return Run(*this, json.substr(begin_.size()), kMaxDepth - 1).From(*first_);
  }
  Run run(*this, json, kMaxDepth);
  ScanResult result = run.Whole();
  begin_.clear();
  first_ = run.first();
  if (run.first_offset() <= kMaxBegin) begin_ = json.substr(0, run.first_offset());
  return result;
}

TokenUsage Scanner::usage() const {
  TokenUsage usage;
  for (size_t i = 0; i < plan_.count_; ++i) {
    if (counts_[i] < 0) continue;
    int64_t* total = nullptr;
    switch (plan_.kinds_[i]) {
      case ScanPlan::Kind::kInput:
        total = &usage.input;
        break;
      case ScanPlan::Kind::kOutput:
        total = &usage.output;
        break;
      case ScanPlan::Kind::kCached:
        total = &usage.cached;
        break;
      case ScanPlan::Kind::kReasoning:
        total = &usage.reasoning;
        break;
    }
    // At most eight counts of less than a tenth of what an int64_t holds.
    *total = std::max<int64_t>(*total, 0) + counts_[i];
  }
  return usage;
}

}  // namespace portolan::core
