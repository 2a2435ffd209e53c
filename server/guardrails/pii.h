#pragma once

// Personal data in texts, told by their form and, where they have any, by their check digits.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

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

  // What is in the text, in order, none overlapping another.
  std::vector<PiiSpan> Find(std::string_view text) const;

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
