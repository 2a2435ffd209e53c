#include "tests/unit/telemetry/exposition_check.h"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

namespace portolan::telemetry {
namespace {

bool IsName(std::string_view text, bool colons) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && !(colons && c == ':')) return false;
  }
  return true;
}

// Takes a number as Go's ParseFloat does (no blanks, no hex here).
bool ParseValue(std::string_view text, double* value) {
  if (text == "+Inf" || text == "-Inf" || text == "NaN") {
    *value =
        text == "NaN" ? std::nan("") : std::numeric_limits<double>::infinity() * (text[0] == '-' ? -1 : 1);
    return true;
  }
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;
  const std::string copy(text);
  char* end;
  *value = std::strtod(copy.c_str(), &end);
  return *end == '\0';
}

// Parses `name{a="b",c="d"} 12`; no timestamp (the gateway writes none).
bool ParseSample(std::string_view line, ParsedSample* sample) {
  size_t at = line.find_first_of("{ ");
  if (at == std::string_view::npos) return false;
  sample->name = std::string(line.substr(0, at));
  if (!IsName(sample->name, true)) return false;
  if (line[at] == '{') {
    ++at;
    while (at < line.size() && line[at] != '}') {
      const size_t equals = line.find('=', at);
      if (equals == std::string_view::npos || equals + 1 >= line.size() || line[equals + 1] != '"')
        return false;
      const std::string name(line.substr(at, equals - at));
      if (!IsName(name, false)) return false;
      std::string value;
      for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] != '\\') {
          value.push_back(line[at]);
          continue;
        }
        if (++at == line.size()) return false;
        if (line[at] == 'n') {
          value.push_back('\n');
        } else if (line[at] == '\\' || line[at] == '"') {
          value.push_back(line[at]);
        } else {
          return false;
        }
      }
      if (at >= line.size() || !sample->labels.emplace(name, value).second) return false;
      ++at;
      if (at < line.size() && line[at] == ',') ++at;
    }
    if (at + 1 >= line.size() || line[at + 1] != ' ') return false;
    ++at;
  }
  return ParseValue(line.substr(at + 1), &sample->value);
}

// The family a sample belongs to, given the types known so far.
std::string FamilyOf(const std::string& name, const std::map<std::string, std::string>& types) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string base = name.substr(0, name.size() - suffix.size());
    const auto type = types.find(base);
    if (type != types.end() && type->second == "histogram") return base;
  }
  return name;
}

std::string CheckHistograms(const ParsedExposition& parsed) {
  struct Series {
    std::vector<std::pair<double, double>> buckets;  // le, count
    double count = -1;
    bool sum = false;
  };
  std::map<std::pair<std::string, std::map<std::string, std::string>>, Series> all;
  for (const ParsedSample& sample : parsed.samples) {
    const std::string family = FamilyOf(sample.name, parsed.types);
    if (family == sample.name) continue;
    std::map<std::string, std::string> labels = sample.labels;
    double le = 0;
    if (sample.name.ends_with("_bucket")) {
      if (!labels.contains("le") || !ParseValue(labels["le"], &le)) return sample.name + ": bad le";
      labels.erase("le");
    }
    Series& series = all[{family, labels}];
    if (sample.name.ends_with("_bucket")) series.buckets.emplace_back(le, sample.value);
    if (sample.name.ends_with("_sum")) series.sum = true;
    if (sample.name.ends_with("_count")) series.count = sample.value;
  }
  for (const auto& [key, series] : all) {
    if (series.buckets.empty() || !series.sum || series.count < 0)
      return key.first + ": incomplete histogram";
    for (size_t i = 1; i < series.buckets.size(); ++i) {
      if (series.buckets[i].first <= series.buckets[i - 1].first) return key.first + ": le not increasing";
      if (series.buckets[i].second < series.buckets[i - 1].second)
        return key.first + ": buckets not cumulative";
    }
    if (!std::isinf(series.buckets.back().first)) return key.first + ": no +Inf bucket";
    if (series.buckets.back().second != series.count) return key.first + ": +Inf is not the count";
  }
  return {};
}

}  // namespace

double ParsedExposition::Value(const std::string& name,
                               const std::map<std::string, std::string>& labels) const {
  double value = -1;
  int found = 0;
  for (const ParsedSample& sample : samples) {
    if (sample.name != name) continue;
    bool all = true;
    for (const auto& [key, wanted] : labels) {
      const auto label = sample.labels.find(key);
      all = all && label != sample.labels.end() && label->second == wanted;
    }
    if (!all) continue;
    value = sample.value;
    ++found;
  }
  return found == 1 ? value : -1;
}

ParsedExposition ParseExposition(std::string_view text) {
  ParsedExposition parsed;
  const auto fail = [&](std::string problem) {
    parsed.problem = std::move(problem);
    return parsed;
  };
  if (text.empty() || text.back() != '\n') return fail("the last line must end with a line feed");
  std::set<std::string> helped;
  std::set<std::string> finished;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  std::string family;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (line.empty()) continue;
    if (line.starts_with("# HELP ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      if (!IsName(name, true) || !helped.insert(name).second) return fail("bad HELP: " + line);
    } else if (line.starts_with("# TYPE ")) {
      const size_t space = line.find(' ', 7);
      if (space == std::string::npos) return fail("bad TYPE: " + line);
      const std::string name = line.substr(7, space - 7);
      const std::string type = line.substr(space + 1);
      static const std::set<std::string> kTypes = {"counter", "gauge", "histogram", "summary", "untyped"};
      if (!IsName(name, true) || !kTypes.contains(type)) return fail("bad TYPE: " + line);
      if (!parsed.types.emplace(name, type).second) return fail("second TYPE: " + line);
    } else if (line[0] != '#') {
      ParsedSample sample;
      if (!ParseSample(line, &sample)) return fail("bad sample: " + line);
      const std::string of = FamilyOf(sample.name, parsed.types);
      if (!parsed.types.contains(of)) return fail("sample before its TYPE: " + line);
      if (of != family) {
        if (!finished.insert(of).second) return fail("family in two places: " + line);
        family = of;
      }
      if (parsed.types[of] == "counter" && !(sample.value >= 0)) return fail("negative counter: " + line);
      if (!seen.emplace(sample.name, sample.labels).second) return fail("sample twice: " + line);
      parsed.samples.push_back(std::move(sample));
    }
  }
  parsed.problem = CheckHistograms(parsed);
  return parsed;
}

}  // namespace portolan::telemetry
