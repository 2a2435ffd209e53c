#pragma once

// The whole gateway in this process, on ports that the system chooses, and a blocking HTTP/1.1 client that
// shares no code with it.
//
//   FakeUpstream upstream(...);
//   GatewayFixture gateway({}, {{"OPENAI_API_KEY", "sk-gateway"}});
//   TestClient client(gateway.http_address());
//   Headers headers = {{"x-portolan-custom-host", upstream.url()}};
//   TestAnswer answer = client.Post("/v1/chat/completions", body, headers);
//
// A gateway that does not start aborts the test program with the reason.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/options.h"
#include "server/gateway.h"
#include "tests/support/script.h"

namespace portolan::test {

class GatewayFixture {
 public:
  // Starts a gateway with `options` as for `portolan serve`, except that it listens on ports of 127.0.0.1
  // that the system chooses, has one thread unless they say otherwise, and does not log each call.
  explicit GatewayFixture(config::ServeOptions options = {},
                          const std::map<std::string, std::string>& environment = {},
                          const providers::Catalog& catalog = providers::BuiltInCatalog());
  // The same as `portolan serve --config FILE` would start it. The environment is kept for reloads.
  static GatewayFixture FromFile(const std::string& path,
                                 std::map<std::string, std::string> environment = {});
  // Stops the gateway at once, with all that is under way.
  ~GatewayFixture();

  Gateway& gateway() { return *gateway_; }
  std::string http_address() const { return gateway_->http_address(); }
  std::string grpc_address() const { return gateway_->grpc_address(); }
  std::string admin_address() const { return gateway_->admin_address(); }

 private:
  explicit GatewayFixture(std::unique_ptr<Gateway> gateway) : gateway_(std::move(gateway)) {}
  std::unique_ptr<Gateway> gateway_;
};

struct TestAnswer {
  int status = 0;                                   // 0: no answer came
  Headers headers;                                  // in order, names in lower case
  std::string body;                                 // de-chunked
  std::vector<std::string> chunks;                  // as they were framed; empty if the body was not chunked
  bool complete = false;                            // the body came whole, in good framing
  std::string Header(std::string_view name) const;  // the first header called `name`, in lower case, or ""
};

// One connection, kept alive until the server closes it. Not thread-safe. Every wait ends after two minutes.
class TestClient {
 public:
  explicit TestClient(const std::string& address);  // `127.0.0.1:8787`
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // Sends a request with Content-Length, Host and, if it has a body, `content-type: application/json`, unless
  // `headers` has others. Follow with ReadAnswer.
  bool Send(std::string_view method, std::string_view path, std::string_view body,
            const Headers& headers = {});
  TestAnswer Post(std::string_view path, std::string_view body, const Headers& headers = {});
  TestAnswer Get(std::string_view path, const Headers& headers = {});

  // Sends raw bytes; false once the connection is gone.
  bool SendRaw(std::string_view bytes);
  // Reads whatever has come, at least one byte; "" at the end of the connection.
  std::string ReadRaw();
  TestAnswer ReadAnswer();
  // Reads only the head; read the body by ReadRaw.
  TestAnswer ReadHead();
  bool closed() const { return closed_; }
  int fd() const { return fd_; }
  void Close(bool reset = false);

 private:
  bool More();
  bool Line(std::string* line);
  bool Take(size_t size, std::string* out);
  bool ReadChunks(TestAnswer* answer);

  int fd_ = -1;
  std::string address_;
  std::string input_;
  bool closed_ = false;
};

}  // namespace portolan::test
