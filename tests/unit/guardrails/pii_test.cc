// Numbers that are published as examples: of card schemes for tests, of ISO 13616's registry, RFC 5737 and
// 3849, Ofcom's numbers for drama, the 555-01XX of North America.

#include "server/guardrails/pii.h"

#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <vector>

namespace portolan::guardrails {
namespace {

std::string Found(std::string_view text) {
  const PiiFinder finder({std::begin(kAllPii), std::end(kAllPii)});
  std::string found;
  for (const PiiSpan& span : finder.Find(text)) {
    found.append(found.empty() ? "" : "; ").append(ToString(span.kind)).append(" ");
    found.append(text.substr(span.begin, span.end - span.begin));
  }
  return found;
}

TEST(Pii, IsFoundByItsForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"write to jane.doe+x@mail.example.co.uk.", "email jane.doe+x@mail.example.co.uk"},
      {"card 4111 1111 1111 1111, thanks", "card 4111 1111 1111 1111"},
      {"378282246310005", "card 378282246310005"},
      // Other digits behind it: until when it is valid, and the code of three or four.
      {"4111 1111 1111 1111 12/27 123", "card 4111 1111 1111 1111"},
      {"4111-1111-1111-1111 123", "card 4111-1111-1111-1111"},
      {"378282246310005 1234", "card 378282246310005"},
      {"5555 5555 5555 4444 12345", "card 5555 5555 5555 4444"},
      {"5555555555554444 4111111111111111", "card 5555555555554444; card 4111111111111111"},
      {"pay GB82 WEST 1234 5698 7654 32 NOW", "iban GB82 WEST 1234 5698 7654 32"},
      {"DE89370400440532013000", "iban DE89370400440532013000"},
      {"FR14 2004 1010 0505 0001 3M02 606", "iban FR14 2004 1010 0505 0001 3M02 606"},
      {"NO9386011117947", "iban NO9386011117947"},
      {"ssn 078-05-1120", "ssn 078-05-1120"},
      {"from 192.0.2.1 and 2001:db8::8a2e:370:7334.", "ip 192.0.2.1; ip 2001:db8::8a2e:370:7334"},
      {"call +44 20 7946 0958", "phone +44 20 7946 0958"},
      {"call 212-555-0100 or (212) 555-0199", "phone 212-555-0100; phone (212) 555-0199"},
      {"a@example.com,b@example.com", "email a@example.com; email b@example.com"},
  };
  for (const auto& [text, found] : cases) EXPECT_EQ(Found(text), found) << text;
}

TEST(Pii, IsNoneWithoutItsCheckDigits) {
  for (const char* text :
       {"4111 1111 1111 1112", "GB82 WEST 1234 5698 7654 33", "ZZ89370400440532013000", "000-12-3456",
        "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "999.1.1.1", "std::string a::b",
        "user@localhost", "1234567", "12:30:45", "x078-05-1120", "order 12345678901234567890123",
        "41111111111111111234", "4111 1111 1111 1111x"}) {
    EXPECT_EQ(Found(text), "") << text;
  }
}

TEST(Pii, CountsDigitsAsLuhnDoes) {
  EXPECT_TRUE(
      HasLuhnDigit("79927398713"));  // the example of ISO/IEC 7812-1, annex B, and of most texts on it
  for (char digit = '0'; digit <= '9'; ++digit) {
    EXPECT_EQ(HasLuhnDigit(std::string("7992739871") + digit), digit == '3') << digit;
  }
  EXPECT_TRUE(HasLuhnDigit("5555-5555-5555-4444"));
}

}  // namespace
}  // namespace portolan::guardrails
