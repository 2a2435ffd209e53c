// Streams an answer: chat PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL in the
// environment.

#include <portolan/client.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string FromEnvironment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: chat PROMPT\n";
    return 2;
  }
  portolan::Client client(FromEnvironment("PORTOLAN_TARGET", "127.0.0.1:50051"),
                          {.key = FromEnvironment("PORTOLAN_KEY", "")});
  portolan::v1::ChatCompletionRequest request;
  request.set_model(FromEnvironment("PORTOLAN_MODEL", "echo/echo"));
  *request.add_messages() = portolan::User(argv[1]);
  for (const auto& chunk : client.Stream(request)) {
    if (!chunk) {
      const portolan::Error& error = chunk.error();
      std::cerr << "error: " << error.ToString() << "\n";
      if (error.retry_delay) std::cerr << "try again in " << error.retry_delay->count() << " ms\n";
      return 1;
    }
    for (const auto& choice : chunk->choices()) std::cout << choice.delta().content() << std::flush;
  }
  std::cout << "\n";
}
