#pragma once

// Regular expressions as people write them for JavaScript, run by RE2: in time linear in the text, whatever
// the expression.

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace portolan::guardrails {

inline constexpr size_t kMaxPatternBytes = 4096;

// A compiled expression. Immutable, thread-safe; copies share it.
using Pattern = std::shared_ptr<const RE2>;

struct PatternFlags {
  bool ignore_case = false;  // `i`
  bool multi_line = false;   // `m`: ^ and $ hold at line ends too
  bool dot_all = false;      // `s`: . is a line feed too
};

// Compiles an expression of ECMA-262. What RE2 spells otherwise is rewritten: `(?<n>`, `\uXXXX`, `\u{X}`,
// `\cX`, `\/`, `\0`, `\p{Letter}`, and `\s`, which has Unicode's blanks. nullptr, with the reason in
// *problem, if it is none, is longer than kMaxPatternBytes, grows too large, or uses what takes more than
// linear time: look-around and back-references. The reason never quotes the expression.
Pattern CompilePattern(std::string_view expression, const PatternFlags& flags, std::string* problem);

// Compiles `/expression/flags`, or an expression alone. Of the flags `g`, `u`, `v`, `y` and `d` change
// nothing.
Pattern CompileDelimited(std::string_view text, std::string* problem);

}  // namespace portolan::guardrails
