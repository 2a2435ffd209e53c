#pragma once

// Personal data in texts, told by their form and, where they have any, by their check digits.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/match_shape.h"

namespace portolan::guardrails {

enum class PiiKind : uint8_t { kEmail, kPhone, kCard, kIban, kSsn, kIp };

inline constexpr PiiKind kAllPii[] = {PiiKind::kEmail, PiiKind::kPhone, PiiKind::kCard,
                                      PiiKind::kIban,  PiiKind::kSsn,   PiiKind::kIp};

std::string_view ToString(PiiKind kind);  // `email` …

struct PiiSpan {
  size_t begin;
  size_t end;
  PiiKind kind;
};

// Finds what it is made for. Immutable, thread-safe.
class PiiFinder {
 public:
  explicit PiiFinder(const std::vector<PiiKind>& kinds);
  ~PiiFinder();
  PiiFinder(PiiFinder&&) noexcept;

  // What is in the text, in order. What overlaps is one, of the kind of its first.
  std::vector<PiiSpan> Find(std::string_view text) const;

  // The same of a text that may not be all there yet. `more`: this span extends the one before, which it
  // overlaps.
  using OnSpan = std::function<void(const PiiSpan& span, bool more)>;
  void Find(const Stretch& stretch, Cursor* cursor, const OnSpan& found) const;

  // What each of its searches may find.
  std::vector<MatchShape> shapes() const;

 private:
  struct Kind;
  std::vector<Kind> kinds_;
};

// Whether digits, other characters left out, end in the check digit of ISO/IEC 7812-1, annex B (Luhn's).
bool HasLuhnDigit(std::string_view text);
// The length of the IBAN (ISO 13616) that `text` begins with, blanks between its groups included; 0 if it
// begins with none.
size_t IbanLength(std::string_view text);

}  // namespace portolan::guardrails
