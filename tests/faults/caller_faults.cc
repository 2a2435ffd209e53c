#include "tests/faults/caller_fault.h"

namespace portolan::faults {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): for texts that hold NUL

constexpr char kGood[] = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStart[] =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";

std::string Post(const std::string& body, const std::string& headers = "") {
  return kStart + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A head with these header lines, then this body.
std::string Raw(const std::string& headers, const std::string& body = "") {
  return kStart + headers + "\r\n" + body;
}

std::string Get(const std::string& line, const std::string& headers = "Host: 127.0.0.1\r\n") {
  return line + "\r\n" + headers + "\r\n";
}

std::string Repeat(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

class Table {
 public:
  explicit Table(std::vector<CallerFault>* faults) : faults_(*faults) {}
  void Group(std::string group) { group_ = std::move(group); }
  CallerFault& Add(std::string name, std::string sent, int status, std::string code) {
    faults_.push_back({group_, std::move(name), std::move(sent), status, std::move(code)});
    return faults_.back();
  }

 private:
  std::vector<CallerFault>& faults_;
  std::string group_;
};

void AddBodies(Table* table) {
  table->Group("Bodies");
  const auto json = [&](std::string name, const std::string& body, std::string code) {
    table->Add(std::move(name), Post(body), 400, std::move(code)).closes = false;
  };
  const std::string good(kGood);
  json("sends no body", "", "invalid_json");
  json("sends half a JSON object", good.substr(0, 40), "invalid_json");
  json("sends something after the JSON object", good + "{}", "invalid_json");
  json("leaves a comma before the end", good.substr(0, good.size() - 1) + ",}", "invalid_json");
  json("sends an array", "[1]", "invalid_value");
  json("sends bytes that are not UTF-8",
       R"({"model":"echo/echo","user":")"
       "\xff\xfe"
       "\"}",
       "invalid_json");
  json("sends a control character inside a string", "{\"model\":\"a\nb\"}", "invalid_json");
  json("sends a key twice", R"({"model":"a","model":"b"})", "invalid_value");
  json("sends a key twice, once in escapes", R"({"model":"a","mode\u006c":"b"})", "invalid_value");
  json("sends an unknown key twice, far down", R"({"model":"a","x":{"y":[{"z":1,"z":2}]}})", "invalid_value");
  json("nests 100,000 arrays", R"({"x":)" + Repeat("[", 100'000) + Repeat("]", 100'000) + "}",
       "invalid_json");
  json("sends a number that no double holds", R"({"model":"a","temperature":1e999})", "invalid_value");
  json("sends a number where a string belongs", R"({"model":5})", "invalid_value");
}

void AddSizes(Table* table) {
  table->Group("Sizes");
  table->Add("announces a body of 65 MB", Raw("Content-Length: 68157440\r\n"), 413, "body_too_large");
  table->Add("sends a million header bytes", Raw("x-long: " + std::string(1'000'000, 'a') + "\r\n"), 431,
             "headers_too_large");
  table->Add("sends 1,000 headers", Raw(Repeat("x-a: b\r\n", 1000)), 431, "headers_too_large");
  table->Add("asks for a path of 100 KB", Get("GET /" + std::string(100'000, 'a') + " HTTP/1.1"), 414,
             "uri_too_long");
}

void AddSmuggling(Table* table) {
  table->Group("Smuggling");
  const auto bad = [&](std::string name, std::string sent) {
    table->Add(std::move(name), std::move(sent), 400, "malformed_http");
  };
  bad("sends both a length and chunks",
      Raw("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"));
  bad("sends both chunks and a length",
      Raw("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"));
  bad("sends two lengths", Raw("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"));
  bad("sends one length twice", Raw("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"));
  bad("sends a list of lengths", Raw("Content-Length: 5, 5\r\n", "hello"));
  for (const char* length : {"+5", "-5", "0x5", "5a", "5.0", "", "99999999999999999999"}) {
    bad("sends the length `" + std::string(length) + "`",
        Raw("Content-Length: " + std::string(length) + "\r\n", "hello"));
  }
  bad("sends Transfer-Encoding twice",
      Raw("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"));
  for (const char* coding :
       {"identity", "chunked, identity", "gzip, chunked", "xchunked", "chunked;q=1", ""}) {
    table->Add("sends the transfer coding `" + std::string(coding) + "`",
               Raw("Transfer-Encoding: " + std::string(coding) + "\r\n", "0\r\n\r\n"), 501,
               "not_implemented");
  }
  bad("sends chunks in HTTP/1.0",
      "POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n");
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  bad("sends a chunk size that is no number", Raw(chunked, "zz\r\nhello\r\n0\r\n\r\n"));
  bad("sends a chunk size with a sign", Raw(chunked, "+5\r\nhello\r\n0\r\n\r\n"));
  bad("sends a chunk size with 0x", Raw(chunked, "0x5\r\nhello\r\n0\r\n\r\n"));
  bad("sends a chunk size beyond 64 bits", Raw(chunked, "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"));
  bad("sends a chunk longer than its size", Raw(chunked, "2\r\nhello\r\n0\r\n\r\n"));
  bad("ends a chunk's size with a bare LF", Raw(chunked, "5\nhello\r\n0\r\n\r\n"));
  bad("hides a line end in a chunk extension", Raw(chunked, "5;a=\rb\r\nhello\r\n0\r\n\r\n"));
}

void AddHeads(Table* table) {
  table->Group("Heads");
  const auto bad = [&](std::string name, std::string sent) {
    table->Add(std::move(name), std::move(sent), 400, "malformed_http");
  };
  bad("continues a header on the next line", Raw("x-a: b\r\n c\r\n"));
  bad("puts a space before the colon", Raw("x-a : b\r\n"));
  bad("puts a space before the first header", Get("GET /healthz HTTP/1.1", " Host: 127.0.0.1\r\n"));
  bad("puts a bare CR into a header", Raw("x-a: b\rc\r\n"));
  bad("ends lines with a bare LF", "GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n");
  bad("puts a NUL into a header", Raw("x-a: b\0c\r\n"s));
  bad("sends a header without a name", Raw(": b\r\n"));
  bad("sends a header without a colon", Raw("nonsense\r\n"));
  bad("sends no Host", Get("GET /healthz HTTP/1.1", ""));
  bad("sends two Hosts", Get("GET /healthz HTTP/1.1", "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n"));
  for (const char* host : {"a b", "a,b", "a/b", "user@a", "a:99999", "[::1", ""}) {
    bad("sends the Host `" + std::string(host) + "`",
        Get("GET /healthz HTTP/1.1", "Host: " + std::string(host) + "\r\n"));
  }
  bad("asks in authority form", Get("GET 127.0.0.1:80 HTTP/1.1"));
  bad("asks for `*`", Get("GET * HTTP/1.1"));
  bad("asks for a path with a control character", Get("GET /\x01 HTTP/1.1"));
  bad("asks for a path with a fragment", Get("GET /healthz#x HTTP/1.1"));
  table->Add("asks for a tunnel", Get("CONNECT 127.0.0.1:80 HTTP/1.1"), 501, "not_implemented");
  bad("speaks HTTP/0.9", "GET /\r\n\r\n");
  table->Add("speaks HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported");
  bad("speaks TLS on a plain port", "\x16\x03\x01\x00\x05hello\r\n\r\n"s);
  bad("speaks something else", "\r\n\r\nEHLO mail.example\r\n\r\n");

  table
      ->Add("pipelines a bad request behind two good ones",
            Get("GET /healthz HTTP/1.1") + Get("GET /healthz HTTP/1.1") + Raw("x-a : b\r\n"), 400,
            "malformed_http")
      .good_before = 2;
}

void AddTypes(Table* table) {
  table->Group("Types and encodings");
  const std::string good(kGood);
  table->Add("sends something else as gzip", Post(good, "Content-Encoding: gzip\r\n"), 400, "malformed_gzip")
      .closes = false;
  table
      ->Add("compresses its body with something unknown", Post(good, "Content-Encoding: br\r\n"), 415,
            "unsupported_content_encoding")
      .closes = false;
  const std::string form =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: "
      "2\r\n\r\n{}";
  table->Add("sends a body that is not JSON by its type", form, 400, "unsupported_media_type").closes = false;
  table->Add("expects something unknown", Raw("Expect: 200-ok\r\nContent-Length: 2\r\n", "{}"), 417,
             "unknown_expectation");
  table->Add("asks for a path that is not there", Get("GET /nothing HTTP/1.1"), 404, "route_not_found")
      .closes = false;
  table
      ->Add("uses a method that the path does not take", Get("DELETE /v1/chat/completions HTTP/1.1"), 405,
            "method_not_allowed")
      .closes = false;
}

}  // namespace

std::vector<CallerFault> CallerFaults() {
  std::vector<CallerFault> faults;
  Table table(&faults);
  AddBodies(&table);
  AddTypes(&table);
  AddSizes(&table);
  AddSmuggling(&table);
  AddHeads(&table);
  return faults;
}

}  // namespace portolan::faults
