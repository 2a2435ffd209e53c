#include "server/codec/json_reader.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <variant>

#include "server/base/utf8.h"
#include "server/codec/key_tracker.h"
#include "server/codec/utf8.h"

namespace portolan::codec {
namespace {

// Skip keeps a few bytes for each open container.
constexpr int kDeepest = 1024;

constexpr const char* kLoneSurrogate = "a surrogate escape without its partner";

const char* SkipDigits(const char* p, const char* end) {
  while (p != end && *p >= '0' && *p <= '9') ++p;
  return p;
}

// The end of the number that begins at `p`; nullptr if there is none by JSON's grammar.
const char* FindNumberEnd(const char* p, const char* end) {
  if (p != end && *p == '-') ++p;
  if (p == end || *p < '0' || *p > '9') return nullptr;
  p = *p == '0' ? p + 1 : SkipDigits(p, end);
  if (p != end && *p == '.') {
    const char* const digits = p + 1;
    p = SkipDigits(digits, end);
    if (p == digits) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const char* const digits = p;
    p = SkipDigits(digits, end);
    if (p == digits) return nullptr;
  }
  return p;
}

}  // namespace

std::string_view Describe(JsonType type) {
  switch (type) {
    case JsonType::kInvalid:
      break;
    case JsonType::kNull:
      return "null";
    case JsonType::kBool:
      return "a boolean";
    case JsonType::kNumber:
      return "a number";
    case JsonType::kString:
      return "a string";
    case JsonType::kArray:
      return "an array";
    case JsonType::kObject:
      return "an object";
  }
  return "nothing";
}

JsonReader::JsonReader(std::string_view text, int max_depth)
    : begin_(text.data()),
      cursor_(text.data()),
      end_(text.data() + text.size()),
      max_depth_(std::min(max_depth, kDeepest)) {
  const size_t invalid = FindInvalidUtf8(text);
  if (invalid != std::string_view::npos) FailAt(begin_ + invalid, "invalid UTF-8");
}

bool JsonReader::FailAt(const char* where, const char* problem) {
  if (problem_ == nullptr) {
    problem_ = problem;
    error_offset_ = static_cast<size_t>(where - begin_);
  }
  // Whatever is asked next finds the text at its end and fails as well.
  cursor_ = end_;
  return false;
}

void JsonReader::Rewind(const Place& place) {
  cursor_ = place.cursor;
  depth_ = place.depth;
  first_ = place.first;
}

inline void JsonReader::SkipSpace() {
  if (cursor_ != end_ && static_cast<unsigned char>(*cursor_) > ' ') return;
  while (cursor_ != end_ && (*cursor_ == ' ' || *cursor_ == '\n' || *cursor_ == '\r' || *cursor_ == '\t'))
    ++cursor_;
}

JsonType JsonReader::PeekFar() {
  SkipSpace();
  if (cursor_ == end_) {
    Fail("the text ends where a value should be");
    return JsonType::kInvalid;
  }
  const JsonType type = internal::kTypeOf[static_cast<unsigned char>(*cursor_)];
  if (type == JsonType::kInvalid) Fail("a value should be here");
  return type;
}

bool JsonReader::EnterObject() {
  if (cursor_ == end_ || *cursor_ != '{') return Fail("'{' should be here");
  if (depth_ >= max_depth_) return Fail("nested too deep");
  ++depth_;
  ++cursor_;
  first_ = true;
  return true;
}

bool JsonReader::EnterArray() {
  if (cursor_ == end_ || *cursor_ != '[') return Fail("'[' should be here");
  if (depth_ >= max_depth_) return Fail("nested too deep");
  ++depth_;
  ++cursor_;
  first_ = true;
  return true;
}

bool JsonReader::NextName() {
  SkipSpace();
  if (cursor_ == end_) return Fail("the text ends inside an object");
  if (*cursor_ == '}') {
    ++cursor_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (*cursor_ != ',') return Fail("',' or '}' should be here");
    ++cursor_;
    SkipSpace();
  }
  if (cursor_ == end_ || *cursor_ != '"') return Fail("a member's name should be here");
  first_ = false;
  name_offset_ = static_cast<size_t>(cursor_ - begin_);
  return true;
}

bool JsonReader::ReadColon() {
  SkipSpace();
  if (cursor_ == end_ || *cursor_ != ':') return Fail("':' should be here");
  ++cursor_;
  return true;
}

bool JsonReader::NextMemberFar(std::string_view* name, std::string* scratch, LoneSurrogate policy) {
  return NextName() && ReadString(name, scratch, policy) && ReadColon();
}

bool JsonReader::NextElement() {
  SkipSpace();
  if (cursor_ == end_) return Fail("the text ends inside an array");
  if (*cursor_ == ']') {
    ++cursor_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (*cursor_ != ',') return Fail("',' or ']' should be here");
    ++cursor_;
    // A value must follow: a closing bracket here is Peek's to refuse.
  }
  first_ = false;
  return true;
}

bool JsonReader::ReadLiteral(std::string_view literal) {
  if (static_cast<size_t>(end_ - cursor_) < literal.size() ||
      std::string_view(cursor_, literal.size()) != literal) {
    return Fail("a value should be here");
  }
  cursor_ += literal.size();
  return true;
}

bool JsonReader::ReadNull() { return ReadLiteral("null"); }

bool JsonReader::ReadBool(bool* value) {
  *value = cursor_ != end_ && *cursor_ == 't';
  return ReadLiteral(*value ? "true" : "false");
}

bool JsonReader::ReadNumberFar(std::string_view* text) {
  const char* const start = cursor_;
  if (!SkipNumber()) return false;
  *text = std::string_view(start, static_cast<size_t>(cursor_ - start));
  return true;
}

bool JsonReader::SkipNumber() {
  const char* const stop = FindNumberEnd(cursor_, end_);
  if (stop == nullptr) return Fail("malformed number");
  cursor_ = stop;
  return true;
}

bool JsonReader::ReadString(std::string_view* value, std::string* scratch, LoneSurrogate policy) {
  if (cursor_ == end_ || *cursor_ != '"') return Fail("a string should be here");
  const char* const start = cursor_ + 1;
  const char* const stop = FindStringStop(start, end_);
  if (stop != end_ && *stop == '"') {
    *value = std::string_view(start, static_cast<size_t>(stop - start));
    cursor_ = stop + 1;
    return true;
  }
  if (!Unescape(start, stop, scratch, policy)) return false;
  *value = *scratch;
  return true;
}

bool JsonReader::Unescape(const char* start, const char* stop, std::string* scratch, LoneSurrogate policy) {
  scratch->assign(start, stop);
  while (stop != end_ && *stop == '\\') {
    char32_t c = 0;
    const char* const next = ReadEscape(stop, end_, &c);
    if (next == nullptr) return FailAt(stop, "invalid escape");
    if (IsSurrogate(c)) {
      if (policy == LoneSurrogate::kReject) return FailAt(stop, kLoneSurrogate);
      c = 0xFFFD;
    }
    AppendUtf8(c, scratch);
    stop = FindStringStop(next, end_);
    scratch->append(next, stop);
  }
  if (stop == end_) return FailAt(stop, "the text ends inside a string");
  if (*stop != '"') return FailAt(stop, "a control character inside a string");
  cursor_ = stop + 1;
  return true;
}

bool JsonReader::SkipString() {
  const char* stop = FindStringStop(cursor_ + 1, end_);
  while (stop != end_ && *stop == '\\') {
    char32_t c = 0;
    const char* const next = ReadEscape(stop, end_, &c);
    if (next == nullptr) return FailAt(stop, "invalid escape");
    stop = FindStringStop(next, end_);
  }
  if (stop == end_) return FailAt(stop, "the text ends inside a string");
  if (*stop != '"') return FailAt(stop, "a control character inside a string");
  cursor_ = stop + 1;
  return true;
}

bool JsonReader::SkipScalar(JsonType type) {
  switch (type) {
    case JsonType::kNull:
      return ReadLiteral("null");
    case JsonType::kBool:
      return ReadLiteral(*cursor_ == 't' ? "true" : "false");
    case JsonType::kNumber:
      return SkipNumber();
    case JsonType::kString:
      return SkipString();
    case JsonType::kInvalid:
    case JsonType::kArray:
    case JsonType::kObject:
      break;
  }
  return false;
}

template <bool kStrict>
bool JsonReader::SkipContainer(JsonType type) {
  std::array<bool, kDeepest> objects;  // by level: an object, not an array
  std::array<size_t, kStrict ? kDeepest : 1> marks;
  std::conditional_t<kStrict, KeyTracker, std::monostate> keys;
  std::string scratch;
  size_t level = 0;
  const auto enter = [&](JsonType container) {
    // First, because it refuses a level that the arrays have no place for.
    const bool is_object = container == JsonType::kObject;
    if (!(is_object ? EnterObject() : EnterArray())) return false;
    objects[level] = is_object;
    if constexpr (kStrict) marks[level] = keys.Mark();
    return true;
  };
  const auto next_member = [&] {
    std::string_view name;
    if (!NextMember(&name, &scratch)) return false;
    if constexpr (kStrict) keys.Push(name, name_offset_, name.data() == scratch.data());
    return true;
  };
  if (!enter(type)) return false;
  for (;;) {
    if (!(objects[level] ? next_member() : NextElement())) {
      if (failed()) return false;
      if constexpr (kStrict) {
        KeyTracker::Key repeated;
        if (keys.HasDuplicate(marks[level], &repeated))
          return FailAt(begin_ + repeated.offset, kKeyStandsTwice);
      }
      if (level == 0) return true;
      --level;
      continue;
    }
    type = Peek();
    if (type == JsonType::kObject || type == JsonType::kArray) {
      ++level;
      if (!enter(type)) return false;
    } else if (!SkipPlain() && !SkipScalar(type)) {
      return false;
    }
  }
}

bool JsonReader::AtEnd() {
  if (failed()) return false;
  SkipSpace();
  return cursor_ == end_ || Fail("text after the end of the value");
}

bool JsonReader::SkipFar(std::string_view* raw, bool strict) {
  const JsonType type = Peek();
  if (type == JsonType::kInvalid) return false;
  const char* const start = cursor_;
  bool good;
  if (type == JsonType::kObject || type == JsonType::kArray) {
    good = strict ? SkipContainer<true>(type) : SkipContainer<false>(type);
  } else if (type == JsonType::kString) {
    good = SkipString();
  } else {
    good = SkipScalar(type);
  }
  if (good && raw != nullptr) *raw = std::string_view(start, static_cast<size_t>(cursor_ - start));
  return good;
}

bool IsJson(std::string_view text, int max_depth) {
  JsonReader reader(text, max_depth);
  return reader.Skip() && reader.AtEnd();
}

}  // namespace portolan::codec
