#include "server/core/scan.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

#include "server/core/hub_scan.h"

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

ScanPlan::ScanPlan(const providers::Accounting& accounting)
    : by_hand_(accounting.by_hand), end_value_(accounting.end_value) {
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

// What is below each node, from the leaves up, and how it is looked up.
void ScanPlan::Sum(uint16_t at) {
  std::vector<uint16_t> below = nodes_[at].children;
  if (nodes_[at].others != 0) below.push_back(nodes_[at].others);
  const Use use = nodes_[at].use;
  nodes_[at].only_content = use == Use::kContent || use == Use::kIgnored || !below.empty();
  nodes_[at].only_counts = use == Use::kCounts || !below.empty();
  for (const uint16_t child : nodes_[at].children) {
    const std::string_view name = nodes_[child].name;
    nodes_[at].edges.push_back({name, &nodes_[child]});
    nodes_[at].lengths |= uint64_t{1} << (name.size() & 63);
    nodes_[at].letters |= uint32_t{1} << (static_cast<unsigned char>(name[0]) & 31);
  }
  if (nodes_[at].others != 0) nodes_[at].rest = &nodes_[nodes_[at].others];
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
      const Node* const child = ScanPlan::ChildOf(root, name);
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
      const Node* const child = ScanPlan::ChildOf(node, name);
      if (child == nullptr) {
        reader_.Skip();
      } else if (child->use == Use::kCounts) {
        TakeCount(*child);
      } else {
        Take(*child);
      }
    }
  }

  void TakeCount(const Node& node) {
    const int64_t value = ReadInteger();
    if (value < 0) return;
    for (unsigned bits = node.counts; bits != 0; bits &= bits - 1) {
      scanner_.counts_[static_cast<size_t>(std::countr_zero(bits))] = value;
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

ScanResult Scanner::ScanWhole(std::string_view json) {
  size_t ignored = 0;
  if (plan_.by_hand()) return ScanHub(json, kMaxDepth, &hub_usage_, &choices_, &ignored);
  return Run(*this, json, kMaxDepth).Whole();
}

ScanResult Scanner::Scan(std::string_view json) {
  if (!begin_.empty() && json.starts_with(begin_)) {
    // Within the object that is open already.
    const std::string_view rest = json.substr(begin_.size());
    if (plan_.by_hand()) return ScanHubFromChoices(rest, kMaxDepth - 1, &hub_usage_, &choices_);
    return Run(*this, rest, kMaxDepth - 1).From(*first_);
  }
  ScanResult result;
  size_t offset = 0;
  if (plan_.by_hand()) {
    result = ScanHub(json, kMaxDepth, &hub_usage_, &choices_, &offset);
  } else {
    Run run(*this, json, kMaxDepth);
    result = run.Whole();
    first_ = run.first();
    offset = run.first_offset();
  }
  begin_.clear();
  if (offset <= kMaxBegin) begin_ = json.substr(0, offset);
  return result;
}

TokenUsage Scanner::usage() const {
  if (plan_.by_hand()) return hub_usage_;
  TokenUsage usage;
  // As the kinds are numbered.
  int64_t* const totals[] = {&usage.input, &usage.output, &usage.cached, &usage.reasoning};
  for (size_t i = 0; i < plan_.count_; ++i) {
    if (counts_[i] < 0) continue;
    int64_t& total = *totals[static_cast<size_t>(plan_.kinds_[i])];
    // At most eight counts of less than a tenth of what an int64_t holds.
    total = std::max<int64_t>(total, 0) + counts_[i];
  }
  return usage;
}

}  // namespace portolan::core
