#pragma once

// A validating pull reader over one complete JSON text: for Decode, and for code that needs only a few
// members of a text (usage, finish reasons, an error). It checks what it skips like everything else. It
// allocates only to unescape.
//
//   JsonReader reader(text);
//   if (reader.Peek() != JsonType::kObject) ...
//   reader.EnterObject();
//   for (std::string_view key; reader.NextMember(&key, &scratch);) {
//     if (key == "usage") ReadUsage(reader); else reader.Skip();
//   }
//   if (!reader.AtEnd()) -> reader.problem(), reader.offset()

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/codec/json_string.h"

namespace portolan::codec {

enum class JsonType : uint8_t { kInvalid, kNull, kBool, kNumber, kString, kArray, kObject };

namespace internal {
// The type of the value that begins with each byte.
inline constexpr std::array<JsonType, 256> kTypeOf = [] {
  std::array<JsonType, 256> table{};
  table['n'] = JsonType::kNull;
  table['t'] = table['f'] = JsonType::kBool;
  table['-'] = JsonType::kNumber;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = JsonType::kNumber;
  table['"'] = JsonType::kString;
  table['['] = JsonType::kArray;
  table['{'] = JsonType::kObject;
  return table;
}();
}  // namespace internal

// `null`, `a boolean`, `a number`, `a string`, `an array`, `an object`: for error messages.
std::string_view Describe(JsonType type);

// What JsonReader::problem() points to after a strict Skip() met a key twice: valid JSON, but ambiguous.
inline constexpr char kKeyStandsTwice[] = "the key stands twice";

// What to do with the escape of a lone surrogate when a string is unescaped.
enum class LoneSurrogate : uint8_t { kReject, kReplace };

// Errors are sticky: after the first, every call returns false (or kInvalid) and problem() says what was
// wrong.
class JsonReader {
 public:
  // `text` must outlive the reader. Checks the UTF-8 of the whole text. `max_depth` limits how many objects
  // and arrays may be open at once; above 1024 it counts as 1024.
  explicit JsonReader(std::string_view text, int max_depth = 128);

  // The type of the next value, which is not consumed; kInvalid on error or if there is no value here.
  JsonType Peek() {
    // Nearly always the value follows at once.
    if (cursor_ != end_) {
      const JsonType type = internal::kTypeOf[static_cast<unsigned char>(*cursor_)];
      if (type != JsonType::kInvalid) return type;
    }
    return PeekFar();
  }

  // Consumes `{` or `[`. REQUIRES: Peek() says so.
  bool EnterObject();
  bool EnterArray();

  // Inside an object: moves to the next member and sets *name to its unescaped name, a view of the text, or
  // of *scratch if it had escapes. False at the end of the object, which is consumed, or on error.
  bool NextMember(std::string_view* name, std::string* scratch,
                  LoneSurrogate policy = LoneSurrogate::kReplace) {
    // Nearly every member is `,"name":` with plain characters; all else is taken step by step.
    const char* quote = cursor_;
    if (!first_ && quote != end_ && *quote == ',') ++quote;
    if (end_ - quote <= 2 || *quote != '"' || (quote == cursor_) != first_) {
      return NextMemberFar(name, scratch, policy);
    }
    const char* const stop = FindStringStop(quote + 1, end_);
    if (end_ - stop <= 1 || stop[0] != '"' || stop[1] != ':') return NextMemberFar(name, scratch, policy);
    first_ = false;
    name_offset_ = static_cast<size_t>(quote - begin_);
    *name = std::string_view(quote + 1, static_cast<size_t>(stop - quote - 1));
    cursor_ = stop + 2;
    return true;
  }
  // Inside an array: true if another element follows. False at the end of the array, which is consumed, or on
  // error.
  bool NextElement();

  // Each consumes one value of the type that Peek() gave; false on error.
  bool ReadNull();
  bool ReadBool(bool* value);
  // Sets *value to the unescaped string: a view of the text, or of *scratch if it had escapes.
  bool ReadString(std::string_view* value, std::string* scratch,
                  LoneSurrogate policy = LoneSurrogate::kReject);
  // Sets *text to the number as it is spelt, its grammar checked.
  bool ReadNumber(std::string_view* text) {
    const char* stop = PlainIntegerEnd();
    if (stop == nullptr) return ReadNumberFar(text);
    *text = std::string_view(cursor_, static_cast<size_t>(stop - cursor_));
    cursor_ = stop;
    return true;
  }

  // Consumes one value of any type, checked in full. If `strict`, a key that occurs twice in one object,
  // after unescaping, is an error too. Sets *raw, if given, to the value's exact text.
  bool Skip(std::string_view* raw = nullptr, bool strict = false) {
    const char* const start = cursor_;
    if (!SkipPlain()) return SkipFar(raw, strict);
    if (raw != nullptr) *raw = std::string_view(start, static_cast<size_t>(cursor_ - start));
    return true;
  }

  // Whether nothing but white space is left and there was no error. REQUIRES: the outermost value was
  // consumed.
  bool AtEnd();

  // A place between values that the reader can go back to. Rewind REQUIRES: no error since.
  struct Place {
    const char* cursor;
    int depth;
    bool first;
  };
  Place Mark() const { return {cursor_, depth_, first_}; }
  void Rewind(const Place& place);

  bool failed() const { return problem_ != nullptr; }
  const char* problem() const { return problem_; }  // static text, nullptr if none
  // In bytes: of the error if there was one, else of the cursor.
  size_t offset() const { return failed() ? error_offset_ : static_cast<size_t>(cursor_ - begin_); }
  size_t name_offset() const { return name_offset_; }  // opening quote of the last member's name

 private:
  bool Fail(const char* problem) { return FailAt(cursor_, problem); }
  bool FailAt(const char* where, const char* problem);
  void SkipSpace();
  JsonType PeekFar();
  bool NextMemberFar(std::string_view* name, std::string* scratch, LoneSurrogate policy);
  bool SkipFar(std::string_view* raw, bool strict);
  bool ReadNumberFar(std::string_view* text);
  // Consumes a string without escapes or a number of digits only, as most values are; false for all else.
  bool SkipPlain() {
    const char* stop = nullptr;
    if (cursor_ != end_ && *cursor_ == '"') {
      stop = FindStringStop(cursor_ + 1, end_);
      if (stop == end_ || *stop++ != '"') return false;
    } else {
      stop = PlainIntegerEnd();
      if (stop == nullptr) return false;
    }
    cursor_ = stop;
    return true;
  }
  // The end of the number at the cursor if it is digits only, as most are; nullptr for all else.
  const char* PlainIntegerEnd() const {
    const char* p = cursor_;
    while (p != end_ && *p >= '0' && *p <= '9') ++p;
    // A number that begins with 0 has no more digits.
    if (p == cursor_ || p == end_ || *p == '.' || *p == 'e' || *p == 'E' ||
        (*cursor_ == '0' && p - cursor_ > 1))
      return nullptr;
    return p;
  }
  bool ReadLiteral(std::string_view literal);
  bool NextName();
  bool ReadColon();
  bool Unescape(const char* start, const char* stop, std::string* scratch, LoneSurrogate policy);
  bool SkipString();
  bool SkipNumber();
  bool SkipScalar(JsonType type);
  template <bool kStrict>
  bool SkipContainer(JsonType type);
  const char* begin_;
  const char* cursor_;
  const char* end_;
  const char* problem_ = nullptr;
  size_t error_offset_ = 0;
  size_t name_offset_ = 0;
  int depth_ = 0;
  int max_depth_;
  bool first_ = false;  // the innermost open container has given no member or element yet
};

// Whether `text` is exactly one JSON value within `max_depth`, with or without white space around it.
bool IsJson(std::string_view text, int max_depth = 128);

}  // namespace portolan::codec
