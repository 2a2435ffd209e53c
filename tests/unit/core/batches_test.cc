#include "server/core/batches.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace portolan::core {
namespace {

v1::EmbeddingResponse Answer(const std::vector<std::optional<int>>& indices, double first) {
  v1::EmbeddingResponse answer;
  answer.set_model("m");
  for (const std::optional<int>& index : indices) {
    v1::Embedding* const each = answer.add_data();
    if (index) each->set_index(*index);
    each->mutable_embedding()->mutable_floats()->add_values(first++);
  }
  return answer;
}

std::string Vectors(const v1::EmbeddingResponse& answer) {
  std::string text;
  for (const v1::Embedding& each : answer.data()) {
    text += std::to_string(each.index()) + ":" +
            std::to_string(static_cast<int>(each.embedding().floats().values(0))) + " ";
  }
  return text;
}

TEST(JoinedEmbeddings, StandInTheOrderOfTheTextsWhateverTheOrderOfTheAnswer) {
  const std::vector<std::optional<int>> in_order = {0, 1}, reversed = {1, 0},
                                        none = {std::nullopt, std::nullopt}, zero = {0, 0};
  const struct {
    const char* what;
    std::vector<std::optional<int>> first, second;
    const char* joined;
  } cases[] = {
      {"as asked", in_order, in_order, "0:10 1:11 2:20 3:21 "},
      {"the first part reversed", reversed, in_order, "0:11 1:10 2:20 3:21 "},
      {"the second part reversed", in_order, reversed, "0:10 1:11 2:21 3:20 "},
      {"no indices", none, none, "0:10 1:11 2:20 3:21 "},
      {"all zero", zero, zero, "0:10 1:11 2:20 3:21 "},
  };
  for (const auto& each : cases) {
    JoinedEmbeddings joined;
    joined.Expect(2);
    EXPECT_FALSE(joined.Take(Answer(each.first, 10))) << each.what;
    joined.Expect(2);
    EXPECT_FALSE(joined.Take(Answer(each.second, 20))) << each.what;
    EXPECT_EQ(Vectors(joined.answer()), each.joined) << each.what;
  }
}

TEST(JoinedEmbeddings, WithAVectorTooFewOrMisplacedAreNoAnswer) {
  const std::vector<std::vector<std::optional<int>>> bad = {{0}, {0, 1, 2}, {1, 1}, {0, 2}, {-1, 0}};
  for (const auto& indices : bad) {
    JoinedEmbeddings joined;
    joined.Expect(2);
    const std::optional<Error> error = joined.Take(Answer(indices, 1));
    ASSERT_TRUE(error) << indices.size();
    EXPECT_EQ(error->http_status, 502);
    EXPECT_EQ(error->code, "upstream_invalid_answer");
  }
}

TEST(JoinedEmbeddings, HaveTheSumOfTheTokensOrNone) {
  JoinedEmbeddings joined;
  for (const int tokens : {3, 4}) {
    v1::EmbeddingResponse part = Answer({0}, 1);
    part.mutable_usage()->set_prompt_tokens(tokens);
    part.mutable_usage()->set_total_tokens(tokens + 1);
    joined.Expect(1);
    EXPECT_FALSE(joined.Take(part));
  }
  EXPECT_EQ(joined.answer().usage().prompt_tokens(), 7);
  EXPECT_EQ(joined.answer().usage().total_tokens(), 9);
  // A sum of some of the parts would be too little.
  joined.Expect(1);
  EXPECT_FALSE(joined.Take(Answer({0}, 1)));
  EXPECT_FALSE(joined.answer().has_usage());
}

}  // namespace
}  // namespace portolan::core
