#include "server/http/head_fields.h"

namespace portolan::http {

HeadEnd FindHeadEnd(std::string_view text, LineEnds line_ends, size_t* scanned) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin + (*scanned < text.size() ? *scanned : text.size());
  // A line end is judged by what is before it, so the search can go on at any byte.
  for (p = text::FindLf(p, end); p < end; p = text::FindLf(p + 1, end)) {
    const bool after_cr = p > begin && p[-1] == '\r';
    if (!after_cr && line_ends == LineEnds::kCrLfOnly) return {HeadEnd::State::kBareLf, 0};
    const char* line_end = after_cr ? p - 1 : p;
    if (line_end > begin && line_end[-1] == '\n') {
      return {HeadEnd::State::kFound, static_cast<size_t>(p + 1 - begin)};
    }
  }
  *scanned = text.size();
  return {};
}

FieldWalker::Step FieldWalker::Next(HeaderView* field) {
  if (p_ == end_) return Fail("the head ends without a blank line");
  if (*p_ == '\r' || *p_ == '\n') {
    p_ = TakeLineEnd(p_, end_, line_ends_);
    if (p_ != end_) return Fail("a bare CR in the head");
    return Step::kEnd;
  }
  char* const name = p_;
  // The head ends in a line end, which is in no token, so this stays inside.
  char* p = text::FoldToken(p_, end_);
  if (p == name) {
    if (text::IsBlank(*p)) return Fail("a header line that continues another (obs-fold)");
    return Fail("a header without a name");
  }
  if (*p != ':') {
    if (text::IsBlank(*p)) return Fail("white space before a header's colon");
    return Fail("a bad character in a header's name");
  }
  field->name = std::string_view(name, static_cast<size_t>(p - name));
  ++p;
  while (text::IsBlank(*p)) ++p;
  char* const value = p;
  p += text::FindNonValue(p, end_) - p;
  char* value_end = p;
  p_ = TakeLineEnd(p, end_, line_ends_);
  if (p_ == nullptr) return Fail("a control character in a header's value");
  while (value_end > value && text::IsBlank(value_end[-1])) --value_end;
  field->value = std::string_view(value, static_cast<size_t>(value_end - value));
  return Step::kField;
}

bool ParseContentLength(std::string_view value, uint64_t* length) {
  if (value.empty() || value.size() > 18) return false;
  uint64_t result = 0;
  for (char c : value) {
    if (!text::IsDigit(c)) return false;
    result = result * 10 + static_cast<uint64_t>(c - '0');
  }
  *length = result;
  return true;
}

void ConnectionOptions::Add(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const std::string_view option = text::TrimBlanks(value.substr(0, comma));
    if (text::EqualsIgnoreCase(option, "close")) close = true;
    if (text::EqualsIgnoreCase(option, "keep-alive")) keep_alive = true;
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace portolan::http
