// Parts as botocore's description of sagemaker-runtime has them (ResponseStream: PayloadPart,
// ModelStreamError, InternalStreamFailure), with what vLLM (server-sent events) and DJL's containers (lines)
// write in them.

#include "server/core/aws_payload.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/support/aws_testing.h"

namespace portolan::core {
namespace {

std::string Part(const std::string& bytes) {
  return test::AwsFrame({{":event-type", "PayloadPart"},
                         {":content-type", "application/octet-stream"},
                         {":message-type", "event"}},
                        bytes);
}

std::string StreamException(const std::string& type, const std::string& payload) {
  return test::AwsFrame(
      {{":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}},
      payload);
}

// What comes out, however the stream is cut; `whole`: that it ended well.
std::string Unframed(const std::string& stream, size_t size, bool* whole) {
  AwsPayloadReader reader;
  std::string out;
  bool good = true;
  for (size_t at = 0; at < stream.size() && good; at += size)
    good = reader.Read(stream.substr(at, size), &out);
  *whole = good && reader.Finish(&out);
  return out;
}

void ExpectUnframed(const std::string& stream, const std::string& expected, bool ends_well = true) {
  for (const size_t size : {size_t{1}, size_t{7}, stream.size()}) {
    bool whole = false;
    EXPECT_EQ(Unframed(stream, size, &whole), expected) << size;
    EXPECT_EQ(whole, ends_well) << size;
  }
}

TEST(AwsPayload, EventsAreWhatTheContainerWrote) {
  ExpectUnframed(Part("data: {\"a\":1}\n") + Part("\ndata: {\"b\"") + Part(":2}\n\ndata: [DONE]\n\n"),
                 "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n");
}

TEST(AwsPayload, LinesBecomeEvents) {
  ExpectUnframed(Part("{\"a\"") + Part(":1}\r\n{\"b\":2}\n\n") + Part("{\"c\":3}"),
                 "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: {\"c\":3}\n\n");
}

TEST(AwsPayload, WhatEndsTheStreamIsAnError) {
  ExpectUnframed(
      Part("data: {}\n\n") +
          StreamException("ModelStreamError",
                          R"({"Message":"It \"fell\".","ErrorCode":"ModelInvocationTimeExceeded"})"),
      "data: {}\n\ndata: {\"error\":{\"message\":\"It \\\"fell\\\".\",\"type\":\"ModelStreamError\","
      "\"code\":\"ModelInvocationTimeExceeded\"}}\n\n");
  ExpectUnframed(Part("{\"a\":") + StreamException("InternalStreamFailure", "{}"),
                 "data: {\"error\":{\"message\":\"the stream ended with InternalStreamFailure\",\"type\":"
                 "\"InternalStreamFailure\",\"code\":\"InternalStreamFailure\"}}\n\n");
}

// What it breaks off is none, and does not swallow it.
TEST(AwsPayload, AnExceptionMayComeInTheMiddleOfAnEvent) {
  const std::string error =
      "data: {\"error\":{\"message\":\"the stream ended with InternalStreamFailure\",\"type\":"
      "\"InternalStreamFailure\",\"code\":\"InternalStreamFailure\"}}\n\n";
  for (const char* begun : {"data: {\"choi", "data: {\"choices\":[]}\n", "data: {}\r\n"}) {
    ExpectUnframed(Part("data: {}\n\n") + Part(begun) + StreamException("InternalStreamFailure", "{}"),
                   "data: {}\n\n" + error);
  }
}

TEST(AwsPayload, EventsMayEndInAnyLineEnd) {
  for (const std::string end : {"\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\n", "\n\r"}) {
    const std::string event = "data: {}" + end;
    ExpectUnframed(Part(event + "data: ") + Part("{}" + end) + Part(event), event + event + event);
    // Each as soon as it is whole.
    AwsPayloadReader reader;
    std::string out;
    EXPECT_TRUE(reader.Read(Part(event), &out));
    EXPECT_EQ(out, event);
  }
}

// Else the first event would not begin its line.
TEST(AwsPayload, BlanksMayComeInAPartOfTheirOwn) {
  ExpectUnframed(Part(" ") + Part("{\"a\":1}\n"), "data: {\"a\":1}\n\n");
  ExpectUnframed(Part("\n") + Part("\ndata: {}\n\n"), "\n\ndata: {}\n\n");
  ExpectUnframed(Part(" \n"), " \n");
}

TEST(AwsPayload, CutAndBrokenStreamsAreNotWhole) {
  const std::string stream = Part("data: {}\n\n") + Part("data: [DONE]\n\n");
  ExpectUnframed(stream.substr(0, stream.size() - 1), "data: {}\n\n", /*ends_well=*/false);
  ExpectUnframed(Part("data: {}\n\n") + test::WithWrongBit(Part("data: [DONE]\n\n")), "data: {}\n\n",
                 /*ends_well=*/false);
}

TEST(AwsPayload, ALineAndAnEventHaveAnEnd) {
  for (const char* begin : {"{", "data:", " "}) {
    AwsPayloadReader reader;
    std::string out;
    const std::string part = Part(begin + std::string(1 << 20, ' '));
    bool good = true;
    for (int i = 0; i < 20 && good; ++i) good = reader.Read(part, &out);
    EXPECT_FALSE(good);
    EXPECT_EQ(out, "");
  }
}

}  // namespace
}  // namespace portolan::core
