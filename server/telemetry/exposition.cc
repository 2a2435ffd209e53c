#include "server/telemetry/exposition.h"

#include <charconv>
#include <cmath>

namespace portolan::telemetry {
namespace {

void AppendEscaped(std::string_view value, bool quotes, std::string* out) {
  for (const char c : value) {
    if (c == '\\') {
      out->append("\\\\");
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '"' && quotes) {
      out->append("\\\"");
    } else {
      out->push_back(c);
    }
  }
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, result.ptr);
}

}  // namespace

void Exposition::Family(std::string_view name, std::string_view help, std::string_view type) {
  text_.append("# HELP ").append(name).push_back(' ');
  AppendEscaped(help, /*quotes=*/false, &text_);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).push_back('\n');
}

void Exposition::Head(std::string_view name, std::string_view suffix, std::span<const Label> labels,
                      std::string_view le) {
  text_.append(name).append(suffix);
  char before = '{';
  const auto append = [&](std::string_view label, std::string_view value) {
    text_.push_back(before);
    text_.append(label).append("=\"");
    AppendEscaped(value, /*quotes=*/true, &text_);
    text_.push_back('"');
    before = ',';
  };
  for (const Label& label : labels) append(label.name, label.value);
  if (!le.empty()) append("le", le);
  if (before == ',') text_.push_back('}');
  text_.push_back(' ');
}

void Exposition::Sample(std::string_view name, std::span<const Label> labels, uint64_t value) {
  Head(name, "", labels, "");
  AppendNumber(value, &text_);
  text_.push_back('\n');
}

void Exposition::Sample(std::string_view name, std::span<const Label> labels, double value) {
  Head(name, "", labels, "");
  if (std::isnan(value)) {
    text_.append("NaN");
  } else if (std::isinf(value)) {
    text_.append(value > 0 ? "+Inf" : "-Inf");
  } else {
    AppendNumber(value, &text_);
  }
  text_.push_back('\n');
}

void Exposition::Histogram(std::string_view name, std::span<const Label> labels,
                           std::span<const std::string_view> bounds, std::span<const uint64_t> counts,
                           double sum) {
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    Head(name, "_bucket", labels, i < bounds.size() ? bounds[i] : "+Inf");
    AppendNumber(total, &text_);
    text_.push_back('\n');
  }
  Head(name, "_sum", labels, "");
  AppendNumber(sum, &text_);
  text_.push_back('\n');
  Head(name, "_count", labels, "");
  AppendNumber(total, &text_);
  text_.push_back('\n');
}

}  // namespace portolan::telemetry
