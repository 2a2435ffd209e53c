#include "server/cli/web.h"

#include <algorithm>
#include <memory>
#include <string>

#include "server/net/loop.h"
#include "server/net/task.h"
#include "server/net/tls.h"

namespace portolan::cli {
namespace {

net::Task<void> Send(net::Loop& loop, upstream::Client& client, const WebRequest& request,
                     upstream::Request* head, WebAnswer* answer, absl::Status* status) {
  const net::Wait wait{loop.UpdateNow() + request.timeout, nullptr};
  const upstream::Timeouts timeouts{request.timeout, request.timeout, request.timeout};
  std::unique_ptr<upstream::Exchange> exchange;
  upstream::Failure failure = co_await client.Send(*head, timeouts, wait, &exchange);
  if (failure.ok()) {
    answer->status = exchange->status();
    for (const HeaderView& header : exchange->headers())
      answer->headers.push_back({std::string(header.name), std::string(header.value)});
    failure = co_await exchange->ReadAll(request.max_answer, &answer->body, wait);
  }
  if (!failure.ok()) *status = absl::UnavailableError(failure.message);
  loop.Stop();
}

}  // namespace

absl::Status Ask(const WebRequest& request, WebAnswer* answer) {
  upstream::Origin origin;
  std::string target;
  std::string problem;
  if (!upstream::ParseRequestUrl(request.url, &origin, &target, &problem))
    return absl::InvalidArgumentError(Printable(request.url) + ": " + problem);
  net::Loop loop;
  upstream::ClientOptions options;
  // Reading the system's authorities takes longer than a plain call.
  if (!origin.tls) options.trust = net::TrustStore::New();
  const auto client = upstream::NewClient(loop, options);
  if (!client.ok()) return client.status();

  upstream::Request head;
  head.origin = &origin;
  head.method = request.method;
  head.path = target;
  for (const HeaderField& header : request.headers) head.headers.push_back({header.name, header.value});
  head.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  const std::string_view body = request.body;
  if (!body.empty()) head.body = {&body, 1};
  absl::Status status;
  loop.Spawn(Send(loop, **client, request, &head, answer, &status));
  loop.Run();
  return status;
}

std::string Printable(std::string_view text, size_t most) {
  std::string line(text.substr(0, most));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  if (text.size() > most) line += "...";
  return line;
}

}  // namespace portolan::cli
