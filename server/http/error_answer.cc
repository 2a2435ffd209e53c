#include "server/base/error.h"
#include "server/base/json_text.h"
#include "server/http/handler.h"

namespace portolan::http {
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

Answer Handler::Refuse(const Refusal& refusal, const RequestHead*, std::string_view) {
  return ErrorAnswer(refusal.status, refusal.code, refusal.message);
}

std::optional<Answer> Handler::Screen(const RequestHead&, std::string_view, BodyMode*) {
  return std::nullopt;
}

}  // namespace portolan::http
