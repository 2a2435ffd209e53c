#include "tests/integration/support/http_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstdlib>

namespace portolan::testing {

namespace beast = boost::beast::http;

HttpClient::HttpClient(uint16_t port, int receive_buffer)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{120, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ending_ = Ending::kReset;
}

HttpClient::~HttpClient() { Close(); }

bool HttpClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string HttpClient::ReadSome(size_t size) {
  std::string out;
  if (!buffer_.empty()) {
    out.swap(buffer_);
    return out;
  }
  out.resize(size);
  const ssize_t got = recv(fd_, out.data(), size, 0);
  if (got == 0) ending_ = Ending::kEof;
  if (got < 0 && errno == ECONNRESET) ending_ = Ending::kReset;
  out.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return out;
}

HttpAnswer HttpClient::ReadAnswer(bool to_head) {
  beast::response_parser<beast::string_body> parser;
  parser.body_limit(boost::none);
  parser.header_limit(1 << 20);
  parser.skip(to_head);
  parser.eager(true);
  std::string unread;
  while (!parser.is_done()) {
    const std::string more = ReadSome();
    boost::beast::error_code error;
    if (more.empty()) {
      if (ending_ == Ending::kEof && parser.got_some()) parser.put_eof(error);
      break;
    }
    unread += more;
    while (!unread.empty() && !parser.is_done()) {
      const size_t used = parser.put(boost::asio::buffer(unread), error);
      unread.erase(0, used);
      if (error) break;
    }
    if (error && error != beast::error::need_buffer && error != beast::error::need_more) break;
  }
  buffer_ = unread;
  HttpAnswer answer;
  if (!parser.is_header_done()) return answer;
  answer.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers.emplace(name, std::string(field.value()));
  }
  answer.body = parser.get().body();
  answer.complete = parser.is_done();
  return answer;
}

std::string HttpClient::ReadToEnd(Ending* ending) {
  std::string all;
  while (true) {
    const std::string more = ReadSome();
    if (more.empty()) break;
    all += more;
  }
  *ending = ending_;
  return all;
}

Ending HttpClient::WaitForEnd() {
  Ending ending;
  ReadToEnd(&ending);
  return ending;
}

void HttpClient::ShutdownWrite() { shutdown(fd_, SHUT_WR); }

void HttpClient::Close(bool reset) {
  if (fd_ < 0) return;
  if (reset) {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(fd_);
  fd_ = -1;
}

uint16_t HttpClient::local_port() const {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

std::string RequestText(std::string_view method, std::string_view path, std::string_view body,
                        std::string_view header_lines) {
  std::string text(method);
  text.append(" ").append(path).append(" HTTP/1.1\r\nHost: test.example\r\n").append(header_lines);
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  text.append("\r\n").append(body);
  return text;
}

}  // namespace portolan::testing
