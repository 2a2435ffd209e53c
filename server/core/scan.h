#pragma once

// Reads what the gateway itself needs to know (usage, finish reasons, an error, the end) off answers and
// events whose bytes are relayed untouched, by the field paths of their form. Checks on the way that the
// whole text is JSON.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialect.h"
#include "server/codec/json_reader.h"

namespace portolan::core {

using providers::TokenUsage;

// The choices of a stream seen so far, to tell whether each of them has finished. Indices past 63 share a
// bit. An answer without choices counts as one that is finished or not.
struct ChoiceTracker {
  uint64_t seen = 0;
  uint64_t finished = 0;
  bool complete() const { return seen != 0 && seen == finished; }
};

struct ScanResult {
  bool is_object = false;     // a JSON object, whole and well formed
  bool has_error = false;     // a non-null error
  bool has_content = false;   // a delta or text that a reader would see
  bool only_usage = false;    // usage, and neither choices nor an error
  bool is_end = false;        // the event that ends a stream
  std::string finish_reason;  // the last one that is not null
};

// Field paths as a tree. Immutable, thread-safe.
class ScanPlan {
 public:
  // `accounting` is data of ours: a path that cannot be read aborts.
  explicit ScanPlan(const providers::Accounting& accounting);
  bool by_hand() const { return by_hand_; }  // see hub_scan.h
  // Nodes point to each other.
  ScanPlan(ScanPlan&&) = default;
  ScanPlan(const ScanPlan&) = delete;
  ScanPlan& operator=(const ScanPlan&) = delete;

 private:
  friend class Scanner;
  static constexpr size_t kMaxCounts = 8;
  enum class Use : uint8_t { kNone, kInner, kCounts, kIndex, kFinish, kContent, kIgnored, kError, kEnd };
  enum class Kind : uint8_t { kInput, kOutput, kCached, kReasoning };

  struct Node;
  struct Edge {
    std::string_view name;
    const Node* node;
  };
  struct Node {
    std::string name;
    Use use = Use::kInner;
    bool is_list = false;       // its elements are what the children describe
    bool is_choices = false;    // and each finishes by itself
    bool only_content = false;  // below it, that is
    bool only_counts = false;
    uint8_t counts = 0;  // kCounts: a bit for each
    std::vector<uint16_t> children;
    uint16_t others = 0;  // the child for members that have none of their own; 0: none
    // For the look-up, once the tree is whole: most names are told apart by their lengths or first letters.
    std::vector<Edge> edges;
    uint64_t lengths = 0;
    uint32_t letters = 0;
    const Node* rest = nullptr;
  };

  uint16_t Add(std::string_view path, Use use, uint8_t counts = 0);
  void AddCounts(const std::vector<std::string_view>& paths, Kind kind);
  void Sum(uint16_t node);
  static const Node* ChildOf(const Node& node, std::string_view name) {
    if ((node.lengths >> (name.size() & 63) & 1) == 0) return node.rest;
    if (name.empty() || (node.letters >> (static_cast<unsigned char>(name[0]) & 31) & 1) == 0)
      return node.rest;
    for (const Edge& edge : node.edges) {
      if (edge.name.size() == name.size() && edge.name == name) return edge.node;
    }
    return node.rest;
  }

  bool by_hand_ = false;
  std::vector<Node> nodes_;  // the first is the root
  std::array<Kind, kMaxCounts> kinds_{};
  size_t count_ = 0;
  std::string end_value_;
};

// Scans one answer, or the events of one stream one after the other. Not thread-safe.
//
// The events of a stream begin alike, as ids, model and so on come before what is looked for: a beginning
// that equals the last event's is only compared, not scanned again.
class Scanner {
 public:
  // `plan` must outlive the scanner.
  explicit Scanner(const ScanPlan& plan) : plan_(plan) { counts_.fill(-1); }

  ScanResult Scan(std::string_view json);
  // The same for what comes alone, of which no beginning need be kept.
  ScanResult ScanWhole(std::string_view json);
  // What was told so far.
  TokenUsage usage() const;
  const ChoiceTracker& choices() const { return choices_; }

 private:
  class Run;

  const ScanPlan& plan_;
  TokenUsage hub_usage_;  // if the plan is carried out by hand
  std::array<int64_t, ScanPlan::kMaxCounts> counts_;
  ChoiceTracker choices_;
  // The last event up to the first value that was looked at: valid JSON so far, with nothing in it that the
  // scan looks for; and what that value is.
  std::string begin_;
  const ScanPlan::Node* first_ = nullptr;
};

}  // namespace portolan::core
