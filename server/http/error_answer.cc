#include "server/base/error.h"
#include "server/http/handler.h"

namespace portolan::http {
namespace {

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20 || byte > 0x7e) {  // bytes of no certain encoding: shown, not passed on
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace

Answer ErrorAnswer(int status, std::string_view code, std::string_view message) {
  Answer answer;
  answer.status = status;
  std::string& body = answer.body;
  body.append(R"({"error":{"message":)");
  AppendJsonString(message, &body);
  body.append(R"(,"type":)");
  AppendJsonString(OpenAiErrorType(status), &body);
  body.append(R"(,"param":null,"code":)");
  AppendJsonString(code, &body);
  body.append("}}");
  return answer;
}

Answer Handler::Refuse(int status, std::string_view code, std::string_view message, const RequestHead*,
                       std::string_view) {
  return ErrorAnswer(status, code, message);
}

std::optional<Answer> Handler::Screen(const RequestHead&, std::string_view) { return std::nullopt; }

}  // namespace portolan::http
