#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::telemetry {

// A reader of Prometheus' text format written from its specification
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format), independent of the
// writer.
struct ParsedSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct ParsedExposition {
  std::string problem;  // empty: the text is valid
  std::map<std::string, std::string> types;
  std::vector<ParsedSample> samples;

  // The value of the only sample with this name that has all these labels; -1 if there is not exactly one.
  double Value(const std::string& name, const std::map<std::string, std::string>& labels) const;
};

// Also checks what the format demands of the whole: one TYPE a family and before its samples, families not
// interleaved, no sample twice, counters not negative, buckets cumulative, in order, ending in +Inf and equal
// to the count.
ParsedExposition ParseExposition(std::string_view text);

}  // namespace portolan::telemetry
