#pragma once

// A blocking HTTP client for tests. What it knows of HTTP comes from Boost.Beast, not from the code under
// test.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::testing {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names lower case
  std::string body;
  bool complete = false;  // the body came to its end in good framing
  std::string Header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? "" : it->second;
  }
};

// How a connection ended.
enum class Ending { kOpen, kEof, kReset };

class HttpClient {
 public:
  // `receive_buffer` 0: the system's choice.
  explicit HttpClient(uint16_t port, int receive_buffer = 0);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends all of it; false if the connection is gone.
  bool Send(std::string_view bytes);
  // Reads one answer; later ones stay for the next call. `to_head`: the request was HEAD. Gives up after 30
  // s.
  HttpAnswer ReadAnswer(bool to_head = false);
  // Reads up to `size` bytes as they come; empty at the end.
  std::string ReadSome(size_t size = 65536);
  // Reads until the other side closes, and says how it did.
  std::string ReadToEnd(Ending* ending);
  // Waits for the end, dropping what comes.
  Ending WaitForEnd();
  void ShutdownWrite();
  // Closes; `reset` sends RST.
  void Close(bool reset = false);
  uint16_t local_port() const;
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string buffer_;  // read but not given
  Ending ending_ = Ending::kOpen;
};

// `METHOD path HTTP/1.1` with a Host header, further header lines and a body with its length.
std::string RequestText(std::string_view method, std::string_view path, std::string_view body = {},
                        std::string_view header_lines = {});

}  // namespace portolan::testing
