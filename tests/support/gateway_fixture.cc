#include "tests/support/gateway_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "server/config/flags.h"
#include "server/settings.h"
#include "tests/support/answer_log.h"

namespace portolan::test {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string LowerCase(std::string text) {
  for (char& c : text) c = Lower(c);
  return text;
}

bool Has(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (LowerCase(key) == name) return true;
  }
  return false;
}

TestAnswer Logged(std::string_view path, TestAnswer answer) {
  if (answer.complete) LogReply(answer.Header("x-portolan-provider"), path, answer.status, answer.body);
  return answer;
}

}  // namespace

GatewayFixture::GatewayFixture(config::ServeOptions options,
                               const std::map<std::string, std::string>& environment,
                               const providers::Catalog& catalog) {
  options.http = options.grpc = options.admin = "127.0.0.1:0";
  if (options.threads == 0) options.threads = 1;
  options.log_level = telemetry::LogLevel::kError;
  auto gateway = Gateway::Start(
      options,
      [&environment](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
      },
      catalog);
  if (!gateway.ok()) {
    std::fprintf(stderr, "the gateway does not start: %s\n", gateway.status().ToString().c_str());
    std::abort();
  }
  gateway_ = *std::move(gateway);
}

GatewayFixture GatewayFixture::FromFile(const std::string& path,
                                        std::map<std::string, std::string> environment) {
  const config::Environment variables = [held = std::make_shared<std::map<std::string, std::string>>(
                                             std::move(environment))](const char* name) -> const char* {
    const auto found = held->find(name);
    return found == held->end() ? nullptr : found->second.c_str();
  };
  const SettingsLoader load = [path, variables]() -> absl::StatusOr<Settings> {
    const std::string config = "--config=" + path;
    const std::vector<std::string_view> arguments = {config,        "--http",      "127.0.0.1:0", "--grpc",
                                                     "127.0.0.1:0", "--admin",     "127.0.0.1:0", "--threads",
                                                     "1",           "--log-level", "error"};
    const auto options = config::ParseServeFlags(arguments, variables);
    if (!options.ok()) return options.status();
    return LoadSettings(*options, arguments, variables);
  };
  const auto settings = load();
  auto gateway = settings.ok() ? Gateway::Start(*settings, variables, load) : settings.status();
  if (!gateway.ok()) {
    std::fprintf(stderr, "the gateway does not start: %s\n", gateway.status().ToString().c_str());
    std::abort();
  }
  return GatewayFixture(*std::move(gateway));
}

GatewayFixture::~GatewayFixture() = default;

std::string TestAnswer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

TestClient::TestClient(const std::string& address)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), address_(address) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{120, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const size_t colon = address.rfind(':');
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<uint16_t>(std::atoi(address.c_str() + colon + 1)));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &target.sin_addr);
  closed_ = connect(fd_, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0;
}

TestClient::~TestClient() { Close(); }

void TestClient::Close(bool reset) {
  if (fd_ < 0) return;
  if (reset) {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(std::exchange(fd_, -1));
  closed_ = true;
}

bool TestClient::SendRaw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool TestClient::Send(std::string_view method, std::string_view path, std::string_view body,
                      const Headers& headers) {
  std::string text(method);
  text.append(" ").append(path).append(" HTTP/1.1\r\n");
  if (!Has(headers, "host")) text.append("Host: ").append(address_).append("\r\n");
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) {
    if (!Has(headers, "content-type")) text.append("Content-Type: application/json\r\n");
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  text.append("\r\n").append(body);
  return SendRaw(text);
}

TestAnswer TestClient::Post(std::string_view path, std::string_view body, const Headers& headers) {
  return Send("POST", path, body, headers) || !input_.empty() ? Logged(path, ReadAnswer()) : TestAnswer();
}

TestAnswer TestClient::Get(std::string_view path, const Headers& headers) {
  return Send("GET", path, {}, headers) || !input_.empty() ? Logged(path, ReadAnswer()) : TestAnswer();
}

bool TestClient::More() {
  char buffer[65536];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) {
    closed_ = true;
    return false;
  }
  input_.append(buffer, static_cast<size_t>(got));
  return true;
}

std::string TestClient::ReadRaw() {
  if (input_.empty()) More();
  return std::exchange(input_, std::string());
}

bool TestClient::Line(std::string* line) {
  size_t end;
  while ((end = input_.find("\r\n")) == std::string::npos) {
    if (!More()) return false;
  }
  line->assign(input_, 0, end);
  input_.erase(0, end + 2);
  return true;
}

bool TestClient::Take(size_t size, std::string* out) {
  while (input_.size() < size) {
    if (!More()) break;
  }
  const size_t part = std::min(size, input_.size());
  out->append(input_, 0, part);
  input_.erase(0, part);
  return part == size;
}

TestAnswer TestClient::ReadHead() {
  TestAnswer answer;
  std::string line;
  do {  // an interim answer (1xx) is passed over
    answer = TestAnswer();
    if (!Line(&line) || !line.starts_with("HTTP/1.1 ")) return {};
    answer.status = std::atoi(line.c_str() + 9);
    while (Line(&line) && !line.empty()) {
      const size_t colon = line.find(':');
      if (colon == std::string::npos) return {};
      const size_t value = line.find_first_not_of(" \t", colon + 1);
      answer.headers.emplace_back(LowerCase(line.substr(0, colon)),
                                  value == std::string::npos ? "" : line.substr(value));
    }
    if (closed_) return {};
  } while (answer.status / 100 == 1);
  return answer;
}

bool TestClient::ReadChunks(TestAnswer* answer) {
  for (std::string line;;) {
    if (!Line(&line)) return false;
    char* end = nullptr;
    const size_t size = std::strtoull(line.c_str(), &end, 16);
    if (end == line.c_str()) return false;
    std::string chunk;
    const bool whole = Take(size, &chunk);
    answer->body += chunk;
    if (size > 0) answer->chunks.push_back(std::move(chunk));
    if (!whole || !Line(&line) || !line.empty()) return false;
    if (size == 0) return true;
  }
}

TestAnswer TestClient::ReadAnswer() {
  TestAnswer answer = ReadHead();
  if (answer.status == 0) return answer;
  if (LowerCase(answer.Header("transfer-encoding")) == "chunked") {
    answer.complete = ReadChunks(&answer);
  } else if (Has(answer.headers, "content-length")) {
    answer.complete = Take(std::strtoull(answer.Header("content-length").c_str(), nullptr, 10), &answer.body);
  } else if (answer.status == 204 || answer.status == 304) {
    answer.complete = true;
  } else {
    while (More()) {
    }
    answer.body = std::exchange(input_, std::string());
    answer.complete = true;
  }
  return answer;
}

}  // namespace portolan::test
