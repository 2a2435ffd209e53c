#include "providers/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/classify.h"
#include "providers/markup.h"

namespace portolan::providers {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

struct Case {
  const char* server;
  const char* body;
  const char* message;
  const char* code = "";
  int status = 0;
};

// Shapes as the servers document them.
TEST(ReadErrorText, FindsTheWordsWhereServersPutThem) {
  const std::vector<Case> cases = {
      {"OpenAI", R"({"x":[1],"error":{"message":"m","type":"t","param":"p","code":"c"}})", "m", "c"},
      {"vLLM", R"({"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400})",
       "too long", "400", 400},
      {"Ollama", R"({"error":"model 'x' not found"})", "model 'x' not found"},
      {"LM Studio", R"j({"error":"Unexpected endpoint or method. (POST /chat/completions)"})j",
       "Unexpected endpoint or method. (POST /chat/completions)"},
      {"Text Generation Inference", R"({"error":"Model is overloaded","error_type":"overloaded"})",
       "Model is overloaded", "overloaded"},
      {"OpenRouter", R"({"error":{"message":"Insufficient credits","code":402},"user_id":"u"})",
       "Insufficient credits", "402", 402},
      {"Google",
       R"({"error":{"code":404,"message":"no such model","status":"NOT_FOUND","details":[{"a":1}]}})",
       "no such model", "NOT_FOUND", 404},
      {"Google, streamed",
       "[{\n  \"error\": {\"code\": 400, \"message\": \"API key not valid\", \"status\": "
       "\"INVALID_ARGUMENT\"}\n}]\n",
       "API key not valid", "INVALID_ARGUMENT", 400},
      {"Anthropic", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       "Overloaded"},
      {"Mistral",
       R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","code":null})",
       "body.seed: Extra inputs are not permitted"},
      {"FastAPI", R"({"detail":"Not Found"})", "Not Found"},
      {"FastAPI, of an object", R"({"detail":{"error":"no capacity","code":"busy"}})", "no capacity", "busy"},
      {"Django REST framework", R"({"detail":"Method \"GET\" not allowed.","code":"method_not_allowed"})",
       "Method \"GET\" not allowed.", "method_not_allowed"},
      {"fastify",
       R"({"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body/messages must be array"})",
       "body/messages must be array", "FST_ERR_VALIDATION", 400},
      {"fastify, nothing but the status", R"({"statusCode":503,"error":"Service Unavailable","message":""})",
       "Service Unavailable", "", 503},
      {"NestJS",
       R"({"message":["model must be a string","n must be a number"],"error":"Bad Request","statusCode":400})",
       "model must be a string; n must be a number", "", 400},
      {"Spring Boot",
       R"({"timestamp":"2026-11-26T07:00:00.000+00:00","status":415,"error":"Unsupported Media Type","message":"Content-Type 'text/plain' is not supported","path":"/v1/chat/completions"})",
       "Content-Type 'text/plain' is not supported", "", 415},
      {"Spring Boot, without a message",
       R"({"timestamp":"2026-11-26T07:00:00","status":500,"error":"Internal Server Error","path":"/v1"})",
       "Internal Server Error", "", 500},
      {"RFC 9457",
       R"({"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.","detail":"Your current balance is 30, but that costs 50.","status":403})",
       "Your current balance is 30, but that costs 50.", "", 403},
      {"RFC 9457, the title alone", R"({"type":"about:blank","title":"No such tenant","status":404})",
       "No such tenant", "", 404},
      {"ASP.NET",
       R"({"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"messages":["The messages field is required."],"model":["a","b"]},"traceId":"00-1"})",
       "One or more validation errors occurred. messages: The messages field is required.; model: a; b", "",
       400},
      {"AWS", R"({"__type":"com.amazon.coral.service#ThrottlingException","message":"Too many tokens"})",
       "Too many tokens", "ThrottlingException"},
      {"AWS, in capitals", R"({"Message":"User is not authorized to invoke the model"})",
       "User is not authorized to invoke the model"},
      {"Azure", R"({"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist."}})",
       "The API deployment does not exist.", "DeploymentNotFound"},
      {"Azure API Management", R"({ "statusCode": 401, "message": "Access denied due to invalid key." })",
       "Access denied due to invalid key.", "", 401},
      {"Tencent",
       R"({"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"The SecretId is not found"},"RequestId":"r"}})",
       "The SecretId is not found", "AuthFailure.SecretIdNotFound"},
      {"Baidu", R"({"error_code":17,"error_msg":"Open api daily request limit reached"})",
       "Open api daily request limit reached", "17"},
      {"a server that says msg", R"({"code":10001,"msg":"invalid parameter","data":null})",
       "invalid parameter", "10001"},
      {"MiniMax", R"({"base":1,"status_code":1004,"status_msg":"login fail"})", "login fail"},
      {"xAI", R"({"code":"Some requested entity was not found","error":"The model grok does not exist"})",
       "The model grok does not exist", "Some requested entity was not found"},
      {"a sentence for a code", R"({"code":"The quota is used up"})", "The quota is used up",
       "The quota is used up"},
      {"OAuth, RFC 6749", R"({"error":"invalid_client","error_description":"Client authentication failed"})",
       "Client authentication failed", "invalid_client"},
      {"Cloudflare",
       R"({"result":null,"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[]})",
       "Authentication error", "10000"},
      {"GraphQL",
       R"({"errors":[{"message":"no such field","locations":[{"line":1,"column":2}],"path":["user",0,"name"]},{"message":"other"}],"data":null})",
       "user.0.name: no such field; other"},
      {"Rails", R"({"errors":["model is missing","messages are empty"]})",
       "model is missing; messages are empty"},
      {"errors as text", R"({"success":false,"errors":"quota exceeded"})", "quota exceeded"},
      {"Elasticsearch",
       R"({"error":{"root_cause":[{"type":"x"}],"type":"parse_exception","reason":"bad json"},"status":400})",
       "bad json", "", 400},
      {"words in two places", R"({"error":"Model not loaded","message":"load it with /load first"})",
       "Model not loaded: load it with /load first"},
      {"the same words in two places", R"({"error":"quota exceeded","message":"quota exceeded"})",
       "quota exceeded"},
      {"a message that is an object", R"({"error":{"message":{"error":{"message":"deep","code":"d"}}}})",
       "deep", "d"},
      {"JSON in a string",
       R"({"error":{"message":"{\"error\":{\"message\":\"rate limited\",\"code\":429}}","type":"t"}})",
       "rate limited", "429", 429},
      {"JSON in a string in a string", R"("{\"detail\":\"{\\\"msg\\\":\\\"inner\\\"}\"}")", "inner"},
      {"what only looks like JSON in a string", R"({"error":{"message":"{model} is unknown"}})",
       "{model} is unknown"},
      {"a string", R"("out of memory")", "out of memory"},
      {"a flag beside the words", R"({"error":true,"message":"no such user"})", "no such user"},
      {"a number for an error", R"({"error":402,"message":"pay first"})", "pay first", "402", 402},
      {"a byte order mark", "\ufeff{\"error\":\"marked\"}", "marked"},
      {"server-sent events", "event: error\ndata: {\"error\":{\"message\":\"told late\",\"code\":503}}\n\n",
       "told late", "503", 503},
  };
  for (const Case& test : cases) {
    ErrorMembers members;
    EXPECT_TRUE(ReadErrorText(test.body, &members)) << test.server;
    EXPECT_EQ(members.message, test.message) << test.server;
    EXPECT_EQ(members.code, test.code) << test.server;
    EXPECT_EQ(members.status, test.status) << test.server;
  }
}

TEST(ReadErrorText, KeepsTypeAndParam) {
  ErrorMembers members;
  ASSERT_TRUE(
      ReadErrorText(R"({"error":{"message":"m","type":"t","param":"p","code":401},"type":"u"})", &members));
  EXPECT_EQ(members.type, "t");
  EXPECT_EQ(members.param, "p");
  members = {};
  ASSERT_TRUE(ReadErrorText(R"([{"error":{"message":"m","type":"t","param":"p"}}])", &members));
  EXPECT_EQ(members.type, "t");
  EXPECT_EQ(members.param, "p");
  // Types of problems, of envelopes, and addresses are none of the error's.
  for (const char* body :
       {R"({"detail":[{"type":"missing","msg":"m"}]})", R"({"type":"error","error":{"message":"m"}})",
        R"({"type":"https://example.com/x","title":"m"})"}) {
    members = {};
    ASSERT_TRUE(ReadErrorText(body, &members)) << body;
    EXPECT_EQ(members.message, "m") << body;
    EXPECT_EQ(members.type, "") << body;
  }
}

TEST(ReadErrorText, NamesEachProblemOfAListByItsPlace) {
  ErrorMembers members;
  ASSERT_TRUE(ReadErrorText(
      R"({"detail":[{"type":"enum","loc":["body","tools",0,"type"],"msg":"Input should be 'function'"},
                    {"loc":["body"],"msg":"Field required","input":{"msg":"no"}},{"msg":"bare"},5,{}]})",
      &members));
  EXPECT_EQ(members.message, "body.tools.0.type: Input should be 'function'; body: Field required; bare");
  std::string many = R"({"detail":[{"msg":"m"})";
  for (int i = 0; i < 10'000; ++i) many += R"(,{"loc":["body",1],"msg":"Field required"})";
  members = {};
  ASSERT_TRUE(ReadErrorText(many + "]}", &members));
  EXPECT_LT(members.message.size(), 1200u);
}

TEST(ReadErrorText, GivesOtherTextAsItIs) {
  const struct {
    const char* body;
    const char* message;
  } cases[] = {
      {" missing field `messages`\r\n", "missing field `messages`"},
      {"upstream connect error or disconnect/reset before headers",
       "upstream connect error or disconnect/reset before headers"},
      {R"({"foo":{"bar":1}})", R"({"foo":{"bar":1}})"},
      {R"({"error":{"a":"b"}})", R"({"error":{"a":"b"}})"},
      {R"({"model":["This field is required."]})", R"({"model":["This field is required."]})"},
      {R"({"error":{"message":"cut of)", R"({"error":{"message":"cut of)"},
      {R"({"error":"a"}{"error":"b"})", R"({"error":"a"}{"error":"b"})"},
      {"[1]", "[1]"},
      {"data: broken\n\n", "broken"},
      // ISO 8859-1.
      {"r\xe9ponse", "r\ufffdponse"},
      {"{\"error\":\"mod\xe8le inconnu\"}", "mod\ufffdle inconnu"},
  };
  for (const auto& test : cases) {
    ErrorMembers members;
    EXPECT_TRUE(ReadErrorText(test.body, &members)) << test.body;
    EXPECT_EQ(members.message, test.message);
  }
}

TEST(ReadErrorText, SaysSoWhereThereIsNothingToShow) {
  for (const std::string body : {"", " \n", "{}", "[]", "{ }", "null", "true", "5", "\"\"", "\" \"", "a\x01",
                                 "\x1f\x8b", "<html></html>", "{\"error\":\x01}"}) {
    ErrorMembers members;
    EXPECT_FALSE(ReadErrorText(body, &members)) << body;
    EXPECT_EQ(members.message, "");
  }
}

TEST(ReadErrorText, CutsBetweenCharacters) {
  std::string text(999, 'x');
  for (int i = 0; i < 100; ++i) text += "\u00e9";
  ErrorMembers members;
  ASSERT_TRUE(ReadErrorText(text, &members));
  EXPECT_EQ(members.message, std::string(999, 'x') + "\u2026");
  std::string message = "y";
  for (int i = 0; i < 3000; ++i) message += "\u00e9";
  members = {};
  ASSERT_TRUE(ReadErrorText("{\"error\":\"" + message + "\"}", &members));
  EXPECT_EQ(members.message, message.substr(0, 2047) + "\u2026");
}

TEST(ReadErrorText, StandsHostileBodies) {
  // Deep nesting, strings in strings, lists without end, markup that never closes.
  std::string nested = "\"m\"";
  for (int i = 0; i < 500; ++i) nested = "{\"error\":" + nested + "}";
  std::string quoted = "x";
  for (int i = 0; i < 12; ++i) {
    std::string escaped;
    for (const char c : quoted) escaped += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    quoted = "{\"msg\":\"" + escaped + "\"}";
  }
  std::string open;
  for (int i = 0; i < 20'000; ++i) open += "<p ><title ><script>";
  for (const std::string& body : {nested, quoted, open}) {
    ErrorMembers members;
    ReadErrorText(body, &members);
    EXPECT_LE(members.message.size(), kMaxErrorMessage + 3);
  }
}

TEST(MarkupText, FindsTheSentenceOfAPage) {
  const struct {
    const char* server;
    const char* markup;
    const char* text;
  } cases[] = {
      {"nginx",
       "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
       "Gateway</h1></center>\r\n"
       "<hr><center>nginx/1.27.0</center>\r\n</body>\r\n</html>\r\n",
       "502 Bad Gateway"},
      {"Cloudflare",
       "<!DOCTYPE html>\n<!--[if lt IE 7]> <html class=\"no-js ie6 oldie\"> <![endif]-->\n<head>\n"
       "<title>api.example.com | 522: Connection timed out</title>",
       "api.example.com | 522: Connection timed out"},
      {"Express",
       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
       "charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n"
       "<pre>Cannot POST /chat/completions</pre>\n</body>\n</html>\n",
       "Error: Cannot POST /chat/completions"},
      {"Werkzeug",
       "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested "
       "URL was not "
       "found on the server.</p>\n",
       "404 Not Found"},
      {"Tomcat",
       "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 &#8211; Not Found</title><style>h1 "
       "{a:b}</style>",
       "HTTP Status 404 \u2013 Not Found"},
      {"S3",
       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access "
       "&quot;Denied&quot; "
       "&amp; done</Message></Error>",
       "Access \"Denied\" & done"},
      {"a heading alone", "<html><h1>Down for maintenance</h1></html>", "Down for maintenance"},
      {"text alone", "<html><body>Bad <b>Gateway</b><script>if (a < b) alert('x')</script></body></html>",
       "Bad Gateway"},
      {"a title in capitals, over lines", "<HTML><TITLE lang=en>\n  Too   many\trequests </TITLE>",
       "Too many requests"},
      {"character data", "<fault><message><![CDATA[a < b]]></message></fault>", "a < b"},
      {"references that are none", "<p>A &unknown; &#xZ; &#0; &; &amp</p>", "A &unknown; &#xZ; &#0; &; &amp"},
      {"nothing", "<html><head></head><body></body></html>", ""},
      {"no end", "<html><title", ""},
  };
  for (const auto& test : cases) EXPECT_EQ(MarkupText(test.markup), test.text) << test.server;
}

TEST(StatusInError, IsANumberFrom400To599) {
  const struct {
    const char* json;
    int status;
  } cases[] = {
      {R"({"error":{"code":402}})", 402},
      {R"({"error":{"code":"402","message":"m"}})", 402},
      {R"({"error":{"status":429}})", 429},
      {R"({"error":{"status_code":"503"}})", 503},
      {R"({"error":{"status":500,"code":429}})", 429},
      {R"({"error":{"code":"rate_limited","status":429}})", 429},
      {R"({"error":"slow down","code":429})", 429},
      {R"({"error":"slow down","statusCode":429})", 429},
      {R"({"error":{"message":"m"},"status":403})", 403},
      {R"({"id":"x","choices":[],"error":{"code":599,"message":"m"}})", 599},
      {R"({"error":{"code":400}})", 400},
      // None of them.
      {R"({"error":{"code":399}})", 502},
      {R"({"error":{"code":600}})", 502},
      {R"({"error":{"code":40303}})", 502},
      {R"({"error":{"code":-402}})", 502},
      {R"({"error":{"code":402.5}})", 502},
      {R"({"error":{"code":4e2}})", 502},
      {R"({"error":{"code":"4 2"}})", 502},
      {R"({"error":{"code":[402]}})", 502},
      {R"({"error":{"code":null,"message":"code 402"}})", 502},
      {R"({"error":{"code":402}} x)", 502},
      {"", 502},
  };
  for (const auto& test : cases) EXPECT_EQ(StatusInError(test.json, 502), test.status) << test.json;
}

}  // namespace
}  // namespace portolan::providers
