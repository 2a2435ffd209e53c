#include "tests/unit/codec/fixture.h"

namespace portolan::codec::test {
namespace {

using DecodeTest = CodecTest;

TEST_F(DecodeTest, TypedMembersComeBackInFieldOrder) {
  EXPECT_EQ(RoundTrip<Chat>(R"( {"stop" : "x", "seed": 9223372036854775807, "model": "m\u00e9\n\/" } )"),
            "{\"model\":\"m\u00e9\\n/\",\"seed\":9223372036854775807,\"stop\":\"x\"}");
}

TEST_F(DecodeTest, EmptyNullAndAbsentAreThreeThings) {
  EXPECT_EQ(RoundTrip<Chat>(R"({"messages":[],"tools":null,"metadata":{},"stop":null,"model":""})"),
            R"({"model":"","messages":[],"tools":null,"metadata":{},"stop":null})");
}

TEST_F(DecodeTest, UnknownMembersStayInOrder) {
  EXPECT_EQ(RoundTrip<Chat>(R"({"z": {"a" : [1.0, 2]},"model":"m","y":1e5})"),
            R"({"model":"m","z":{"a" : [1.0, 2]},"y":1e5})");
}

TEST_F(DecodeTest, ErrorsSayWhere) {
  EXPECT_EQ(RoundTrip<Chat>(R"({"messages":[{"role":"user"},{"content":[{"image_url":{"url":5}}]}]})"),
            "error: messages[1].content[0].image_url.url: expected a string, got a number");
  EXPECT_EQ(RoundTrip<Chat>(R"({"messages":[{"content":5}]})"),
            "error: messages[0].content: expected a string or an array, got a number");
}

TEST_F(DecodeTest, WhatAUnionDoesNotKnowIsKept) {
  EXPECT_EQ(RoundTrip<Chat>(R"({"messages":[{"content":{"new": 1},"role":"user"}]})"),
            R"({"messages":[{"role":"user","content":{"new": 1}}]})");
}

TEST_F(DecodeTest, AnswersNeverFailOnShape) {
  EXPECT_EQ(Answer<Chat>(R"({"messages":[{"role":"u"},5],"model":7,"temperature":1e999})"),
            R"({"messages":[{"role":"u"},5],"model":7,"temperature":1e999})");
}

}  // namespace
}  // namespace portolan::codec::test
