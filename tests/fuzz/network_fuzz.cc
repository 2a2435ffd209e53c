// What checks of the network are answered, from a hostile world. The input is two texts with a zero byte
// between: a webhook's answer, or a set of keys, and a token. Properties: a webhook's answer is taken or
// refused with a reason, and what it puts in place of something is a JSON object in its own bytes; a token is
// read or refused with a reason, and looked for in nothing but a set of keys; a URL that may be asked has no
// user information and fits into a request's line.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/jws.h"
#include "server/base/rs256.h"
#include "server/codec/json_reader.h"
#include "server/guardrails/found_urls.h"
#include "server/guardrails/jwt.h"
#include "server/guardrails/network_parameters.h"
#include "server/guardrails/webhook.h"

namespace {

using namespace portolan;
using namespace portolan::guardrails;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireObjectIn(const std::optional<std::string>& object, std::string_view answer) {
  if (!object) return;
  Require(codec::IsJson(*object) && object->starts_with('{'));
  Require(answer.find(*object) != std::string_view::npos);
}

void TryWebhook(std::string_view answer) {
  std::string problem;
  const auto read = ReadWebhookAnswer(answer, &problem);
  Require(read.has_value() == problem.empty());
  if (!read) return;
  Require(codec::IsJson(answer));
  RequireObjectIn(read->request, answer);
  RequireObjectIn(read->response, answer);
}

void TryToken(std::string_view token, std::string_view keys) {
  std::string problem;
  const auto read = Jwt::Read(token, &problem);
  Require(read.has_value() == problem.empty());
  if (!read) return;
  (void)read->ProblemAt(1'800'000'000, {});
  const Jwt::Signature signature = read->CheckAgainst(keys);
  Require(signature == Jwt::Signature::kNoKeySet || codec::IsJson(keys));
}

void TryUrls(std::string_view text) {
  for (const std::string& url : FindUrls(text, 21)) {
    Require(url.starts_with("http://") || url.starts_with("https://"));
    (void)ProblemOfUrl(url);
  }
  if (ProblemOfUrl(text).empty()) {
    Require(text.find('@') == std::string_view::npos || text.find('/', 8) < text.find('@') ||
            text.find('?') < text.find('@') || text.find('#') < text.find('@'));
    Require(text.find_first_of(" \r\n\t\\") == std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  const std::string_view first = input.substr(0, zero);
  const std::string_view second =
      zero == std::string_view::npos ? std::string_view() : input.substr(zero + 1);
  TryWebhook(first);
  TryToken(second, first);
  TryUrls(first);
  (void)ReadTimeSpan(first);
  if (const auto bytes = DecodeBase64Url(first)) Require(Base64Url(*bytes) == first);
  return 0;
}
