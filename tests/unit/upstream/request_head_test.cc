#include "server/upstream/request_head.h"

#include <gtest/gtest.h>

namespace portolan::upstream {
namespace {

const Origin kOrigin = {true, "api.example", 443, false};

Request Get(std::string_view path) {
  Request request;
  request.origin = &kOrigin;
  request.method = "GET";
  request.path = path;
  return request;
}

std::string Written(const Request& request, const Proxy* proxy = nullptr) {
  TextBuffer head;
  head.Append("left from before");
  std::string problem;
  return WriteRequestHead(request, proxy, &head, &problem) ? std::string(head.view()) : "refused: " + problem;
}

TEST(RequestHead, HasHostFirstAndHeadersInOrder) {
  Request request = Get("/v1/models?x=1");
  request.headers = {{"b", "2"}, {"a", "1"}, {"b", ""}};
  EXPECT_EQ(Written(request),
            "GET /v1/models?x=1 HTTP/1.1\r\nhost: api.example\r\nb: 2\r\na: 1\r\nb: \r\n\r\n");
  EXPECT_TRUE(Written(Get("")).starts_with("GET / HTTP/1.1\r\n"));
  request.base_path = "/base";
  EXPECT_TRUE(Written(request).starts_with("GET /base/v1/models?x=1 HTTP/1.1\r\n"));
  request.path = {};
  EXPECT_TRUE(Written(request).starts_with("GET /base HTTP/1.1\r\n"));
}

TEST(RequestHead, TellsTheLengthOfTheBody) {
  Request request = Get("/x");
  request.method = "POST";
  EXPECT_EQ(Written(request), "POST /x HTTP/1.1\r\nhost: api.example\r\ncontent-length: 0\r\n\r\n");
  const std::string_view pieces[] = {"abc", "", "de"};
  request.body = pieces;
  EXPECT_TRUE(Written(request).ends_with("\r\ncontent-length: 5\r\n\r\n"));
  request.method = "DELETE";
  EXPECT_TRUE(Written(request).ends_with("\r\ncontent-length: 5\r\n\r\n"));
  request.body = {};
  EXPECT_EQ(Written(request).find("content-length"), std::string::npos);
}

TEST(RequestHead, IsAbsoluteForAProxyWithItsCredentials) {
  Proxy proxy;
  proxy.authorization = Secret("Basic abc");
  Request request = Get("/x");
  const Origin origin = {false, "fd00::1", 8080, false};
  request.origin = &origin;
  EXPECT_EQ(Written(request, &proxy),
            "GET http://[fd00::1]:8080/x HTTP/1.1\r\nhost: [fd00::1]:8080\r\nproxy-authorization: Basic "
            "abc\r\n\r\n");
}

TEST(RequestHead, RefusesWhatWouldSmuggle) {
  for (const char* path : {"x", "/a b", "/a\r\nx: y", "/\x7f", "/\xc3\xa4", "http://other/"}) {
    EXPECT_TRUE(Written(Get(path)).starts_with("refused")) << path;
    Request based = Get("/x");
    based.base_path = path;
    EXPECT_TRUE(Written(based).starts_with("refused")) << path;
  }
  const HeaderView kBad[] = {{"a", "x\r\ny: z"},
                             {"a", std::string_view("x\0y", 3)},
                             {"a\n", "x"},
                             {"a b", "x"},
                             {"", "x"},
                             {"host", "evil"},
                             {"content-length", "5"},
                             {"transfer-encoding", "chunked"},
                             {"connection", "close"},
                             {"upgrade", "h2c"},
                             {"expect", "100-continue"},
                             {"proxy-authorization", "x"}};
  for (const HeaderView& header : kBad) {
    Request request = Get("/x");
    request.headers = {header};
    EXPECT_TRUE(Written(request).starts_with("refused")) << header.name;
  }
  Request request = Get("/x");
  request.method = "GET /y HTTP/1.1\r\nx:";
  EXPECT_TRUE(Written(request).starts_with("refused"));
}

TEST(RequestHead, DoesNotRepeatAValueInTheProblem) {
  Request request = Get("/x");
  request.headers = {{"authorization", "Bearer sk-secret\r\n"}};
  const std::string refused = Written(request);
  EXPECT_NE(refused.find("authorization"), std::string::npos);
  EXPECT_EQ(refused.find("sk-secret"), std::string::npos);
}

}  // namespace
}  // namespace portolan::upstream
