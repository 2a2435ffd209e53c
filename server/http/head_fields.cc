#include "server/http/head_fields.h"

#include "server/base/text.h"
#include "server/http/message.h"

namespace portolan::http {

namespace {

FieldsEnd Bad(const char* problem) { return {FieldsEnd::State::kBad, nullptr, problem}; }

// Of a line that does not begin with a name and a colon: it is the blank one, or bad. `p` is where the
// characters of a name end.
FieldsEnd JudgeLastLine(const char* line, char* p, char* end, LineEnds line_ends) {
  if (p == end) return Bad("the head ends without a blank line");
  if (p > line && IsBlank(*p)) return Bad("white space before a header's colon");
  if (p > line) return Bad("a bad character in a header's name");
  if (*p == '\r' || *p == '\n') {
    char* const next = TakeLineEnd(p, end, line_ends);
    if (next == nullptr) return Bad("a bare CR in the head");
    return {FieldsEnd::State::kBlankLine, next, ""};
  }
  if (IsBlank(*p)) return Bad("a header line that continues another (obs-fold)");
  return Bad("a header without a name");
}

// The size of the head, found by reading its fields; 0 if it is not whole or not good.
size_t ReadAhead(std::span<char> text, LineEnds line_ends, std::vector<HeaderView>* fields) {
  char* const begin = text.data();
  char* const end = begin + text.size();
  char* const lf = begin + (text::FindLf(begin, end) - begin);
  // After an empty line there is no field: some requests have one before them.
  if (lf == end || lf - begin < 2) return 0;
  if (line_ends == LineEnds::kCrLfOnly && lf[-1] != '\r') return 0;
  const FieldsEnd read = ReadFields(lf + 1, end, line_ends, fields);
  return read.state == FieldsEnd::State::kBlankLine ? static_cast<size_t>(read.end - begin) : 0;
}

}  // namespace

HeadEnd FindHeadEnd(std::span<char> text, LineEnds line_ends, size_t* scanned,
                    std::vector<HeaderView>* fields) {
  fields->clear();
  // Once only: the head of a slow sender would be read again and again.
  if (*scanned == 0) {
    const size_t size = ReadAhead(text, line_ends, fields);
    if (size > 0) return {HeadEnd::State::kFound, size, true};
    fields->clear();
  }
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin + (*scanned < text.size() ? *scanned : text.size());
  // A line end is judged by what is before it, so the search can go on at any byte.
  for (p = text::FindLf(p, end); p < end; p = text::FindLf(p + 1, end)) {
    const bool after_cr = p > begin && p[-1] == '\r';
    if (!after_cr && line_ends == LineEnds::kCrLfOnly) return {HeadEnd::State::kBareLf};
    const char* line_end = after_cr ? p - 1 : p;
    if (line_end > begin && line_end[-1] == '\n') {
      return {HeadEnd::State::kFound, static_cast<size_t>(p + 1 - begin)};
    }
  }
  *scanned = text.size();
  return {};
}

FieldsEnd ReadFields(char* p, char* end, LineEnds line_ends, std::vector<HeaderView>* fields) {
  for (;;) {
    char* const name = p;
    p = text::FoldToken(p, end);
    if (p == end || *p != ':' || p == name) return JudgeLastLine(name, p, end, line_ends);
    const std::string_view field_name(name, static_cast<size_t>(p - name));
    const char* value = p + 1;
    const char* value_end = text::FindNonValue(value, end);
    p = TakeLineEnd(p + (value_end - p), end, line_ends);
    if (p == nullptr) return Bad("a control character in a header's value");
    if (fields->size() == kMaxHeaders) return {FieldsEnd::State::kTooMany};
    while (IsBlank(value_end[-1])) --value_end;  // the colon ends this
    while (value < value_end && IsBlank(*value)) ++value;
    fields->push_back({field_name, std::string_view(value, static_cast<size_t>(value_end - value))});
  }
}

bool ParseContentLength(std::string_view value, uint64_t* length) {
  if (value.empty() || value.size() > 18) return false;
  uint64_t result = 0;
  for (char c : value) {
    if (!IsDigit(c)) return false;
    result = result * 10 + static_cast<uint64_t>(c - '0');
  }
  *length = result;
  return true;
}

void ConnectionOptions::Add(std::string_view value) {
  while (!value.empty()) {
    const std::string_view option = TakeListItem(&value);
    if (EqualsIgnoreCase(option, "close")) close = true;
    if (EqualsIgnoreCase(option, "keep-alive")) keep_alive = true;
  }
}

}  // namespace portolan::http
