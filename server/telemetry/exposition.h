#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace portolan::telemetry {

struct Label {
  std::string_view name;
  std::string_view value;
};

// Writes metrics in Prometheus' text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). Label values are escaped
// here; names must be valid already.
class Exposition {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // Starts a family of metrics, whose samples must follow at once. `type` is `counter`, `gauge` or
  // `histogram`.
  void Family(std::string_view name, std::string_view help, std::string_view type);

  void Sample(std::string_view name, std::span<const Label> labels, uint64_t value);
  void Sample(std::string_view name, std::span<const Label> labels, double value);

  // `counts` has one count per bucket, not cumulative, the last one for +Inf. `bounds` has the upper bounds
  // in seconds, as text, one fewer than there are counts.
  void Histogram(std::string_view name, std::span<const Label> labels,
                 std::span<const std::string_view> bounds, std::span<const uint64_t> counts, double sum);

  std::string Take() { return std::move(text_); }

 private:
  void Head(std::string_view name, std::string_view suffix, std::span<const Label> labels,
            std::string_view le);

  std::string text_;
};

}  // namespace portolan::telemetry
