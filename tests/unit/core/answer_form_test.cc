#include "server/core/answer_form.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::core {
namespace {

TEST(AnswerForm, ShowsByTheFirstBytes) {
  const struct {
    std::string_view body;
    BodyForm form;
  } cases[] = {
      {"", BodyForm::kUnknown},
      {" \r\n\t", BodyForm::kUnknown},
      {"\xEF", BodyForm::kUnknown},
      {"\xEF\xBB\xBF", BodyForm::kUnknown},
      {"dat", BodyForm::kUnknown},
      {"event", BodyForm::kUnknown},
      {"{", BodyForm::kJson},
      {"\xEF\xBB\xBF\n {\"id\":1}", BodyForm::kJson},
      {"[{\"error\":{}}]", BodyForm::kJson},
      {"data: {}\n\n", BodyForm::kEvents},
      {"data:{}", BodyForm::kEvents},
      {"data\n\n", BodyForm::kEvents},
      {"event: message_start\ndata: {}", BodyForm::kEvents},
      {"id: 1\ndata: {}", BodyForm::kEvents},
      {"retry: 3000\n\n", BodyForm::kEvents},
      {": comment\n\n", BodyForm::kEvents},
      {"\r\n\r\n\xEF\xBB\xBF", BodyForm::kOther},
      {"\xEF\xBB\xBF: hello", BodyForm::kEvents},
      {"<html>", BodyForm::kOther},
      {"database error: no", BodyForm::kOther},
      {"data base: no", BodyForm::kOther},
      {"Internal Server Error", BodyForm::kOther},
      {"null", BodyForm::kOther},
      {"\"text\"", BodyForm::kOther},
      {"\x1f\x8b", BodyForm::kOther},
  };
  for (const auto& c : cases) EXPECT_EQ(FormOf(c.body), c.form) << c.body;
}

TEST(AnswerForm, MoreOfABodyChangesNothingOnceItIsKnown) {
  for (const std::string body :
       {"\xEF\xBB\xBF  event: ping\ndata: {}\n\n", "\n\n{\"a\":1}", "retry: 5\n\n", "died\n"}) {
    BodyForm known = BodyForm::kUnknown;
    for (size_t size = 0; size <= body.size(); ++size) {
      const BodyForm form = FormOf(std::string_view(body).substr(0, size));
      if (known != BodyForm::kUnknown) {
        EXPECT_EQ(form, known) << body << size;
      }
      known = form;
    }
    EXPECT_NE(known, BodyForm::kUnknown);
  }
}

}  // namespace
}  // namespace portolan::core
