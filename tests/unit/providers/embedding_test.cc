// Vectors as numbers and in base64. Expected texts are those of Python's struct and base64 modules.

#include "providers/dialects/common/embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "providers/dialects/common/base64.h"

namespace portolan::providers {
namespace {

using testing::ElementsAre;

TEST(Base64FloatsTest, AreFloatsOf32BitsLeastSignificantByteFirst) {
  EXPECT_EQ(Base64Floats(std::vector<double>{0.5, -0.25, 1}), "AAAAPwAAgL4AAIA/");
  EXPECT_EQ(Base64Floats(std::vector<double>{0.1}), "zczMPQ==");
  EXPECT_EQ(Base64Floats(std::vector<double>{1e300}), "//9/fw==");
  EXPECT_EQ(Base64Floats({}), "");
}

TEST(Base64FloatsTest, AreReadBack) {
  std::vector<double> values = {7};
  ASSERT_TRUE(ReadBase64Floats("AAAAPwAAgL4AAIA/", &values));
  EXPECT_THAT(values, ElementsAre(0.5, -0.25, 1));
  // Without its padding, as some write it.
  ASSERT_TRUE(ReadBase64Floats("zczMPQ", &values));
  EXPECT_THAT(values, ElementsAre(0.10000000149011612));
  ASSERT_TRUE(ReadBase64Floats("//9/fw==", &values));
  EXPECT_THAT(values, ElementsAre(std::numeric_limits<float>::max()));
}

// Nothing; no base64; two bytes; five; NaN; infinity, and it behind a number.
TEST(Base64FloatsTest, WhatStandsForNoFloats) {
  std::vector<double> values;
  for (const char* const text :
       {"", "a sentence", "AAA=", "AAAAPwA=", "AADAfw==", "AACAfw==", "AAAAPwAAgP8="}) {
    EXPECT_FALSE(ReadBase64Floats(text, &values)) << text;
  }
}

v1::EmbeddingResponse Three() {
  v1::EmbeddingResponse answer;
  auto* const floats = answer.add_data()->mutable_embedding()->mutable_floats();
  floats->add_values(0.5);
  answer.add_data()->mutable_embedding()->set_base64("AAAAPw==");
  answer.add_data()->set_index(2);
  return answer;
}

TEST(WriteVectorsTest, EachIsWrittenOneWay) {
  v1::EmbeddingResponse answer = Three();
  WriteInBase64(&answer);
  EXPECT_EQ(answer.data(0).embedding().base64(), "AAAAPw==");
  EXPECT_EQ(answer.data(1).embedding().base64(), "AAAAPw==");
  EXPECT_FALSE(answer.data(2).has_embedding());
  for (const int64_t dimensions : {0, 1}) {
    answer = Three();
    WriteAsNumbers(dimensions, &answer);
    EXPECT_THAT(answer.data(0).embedding().floats().values(), ElementsAre(0.5));
    EXPECT_THAT(answer.data(1).embedding().floats().values(), ElementsAre(0.5));
    EXPECT_FALSE(answer.data(2).has_embedding());
  }
}

TEST(WriteVectorsTest, WhatIsNoVectorStays) {
  v1::EmbeddingResponse answer;
  answer.add_data()->mutable_embedding()->mutable_floats();
  WriteInBase64(&answer);
  WriteAsNumbers(0, &answer);
  EXPECT_TRUE(answer.data(0).embedding().has_floats());
}

// Bytes that stand for something else are now and then floats too.
TEST(WriteVectorsTest, AllTextsAreFloatsOrNone) {
  v1::EmbeddingResponse answer = Three();
  answer.add_data()->mutable_embedding()->set_base64("AADAfw==");
  WriteAsNumbers(0, &answer);
  EXPECT_EQ(answer.data(1).embedding().base64(), "AAAAPw==");
  EXPECT_EQ(answer.data(3).embedding().base64(), "AADAfw==");
  answer = Three();
  WriteAsNumbers(4, &answer);
  EXPECT_EQ(answer.data(1).embedding().base64(), "AAAAPw==");
}

}  // namespace
}  // namespace portolan::providers
