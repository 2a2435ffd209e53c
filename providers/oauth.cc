#include "providers/oauth.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "providers/path.h"
#include "server/base/text.h"

namespace portolan::providers {
namespace {

constexpr int64_t kLongestLifetime = 24 * 3600;
constexpr size_t kMaxToken = 8192;
constexpr size_t kMaxWords = 300;  // of an endpoint, in a message

// `"expires_in": 3599`, or as text.
std::optional<int64_t> Seconds(std::string_view json) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return std::nullopt;
  std::string scratch;
  std::string_view name;
  std::string_view value;
  while (reader.NextMember(&name, &scratch)) {
    const bool wanted = name == "expires_in";
    if (!reader.Skip(&value)) return std::nullopt;
    if (!wanted) continue;
    if (value.size() > 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    int64_t seconds = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (read.ec != std::errc() || seconds <= 0) return std::nullopt;
    return std::min(seconds, kLongestLifetime);
  }
  return std::nullopt;
}

// `invalid_grant: Invalid JWT Signature.`
std::string RefusalIn(std::string_view body) {
  std::string code;
  std::string description;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "error") code = PrintableWords(value);
    if (name == "error_description") description = PrintableWords(value);
  });
  if (code.empty() || description.empty()) return code + description;
  return code + ": " + description;
}

}  // namespace

void AddFormParameter(std::string_view name, std::string_view value, std::string* form) {
  if (!form->empty()) form->push_back('&');
  form->append(name).push_back('=');
  AppendPathSegment(value, /*keep_slash=*/false, form);
}

std::string PrintableWords(std::string_view text) {
  std::string words(text.substr(0, kMaxWords));
  for (char& c : words) {
    if (c < 0x20 || c >= 0x7f) c = ' ';
  }
  return words;
}

std::variant<Token, Refusal> ReadTokenAnswer(int http_status, std::string_view body) {
  const std::string status = "status " + std::to_string(http_status);
  if (http_status != 200) {
    const bool final = http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429;
    const std::string why = RefusalIn(body);
    return Refusal{final, why.empty() ? status : status + ", " + why};
  }
  std::string token;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "access_token") token = value;
  });
  const bool fit =
      !token.empty() && token.size() <= kMaxToken && std::all_of(token.begin(), token.end(), IsVisible);
  if (!fit) return Refusal{false, "an answer that holds no access_token"};
  const std::optional<int64_t> seconds = Seconds(body);
  if (!seconds) return Refusal{false, "an answer that does not say for how long its token is good"};
  return Token{Secret(std::move(token)), std::chrono::seconds(*seconds)};
}

}  // namespace portolan::providers
