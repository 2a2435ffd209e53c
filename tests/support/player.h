#pragma once

// Serves one connection of a fake upstream: reads requests and plays the scripts that answer them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "tests/support/fake_upstream.h"
#include "tests/support/wire.h"

namespace portolan::test {

class Player {
 public:
  // Called after each transfer with the bytes received, the bytes sent, and what was received but not yet
  // read as a request.
  using Count = std::function<void(size_t received, size_t sent, const std::string& input)>;

  // `wire` and `options` must outlive the player.
  Player(Wire& wire, const FakeUpstream::Options& options, Count count)
      : wire_(wire), options_(options), count_(std::move(count)) {}

  // kOpen: the head is in *request, and what follows it is still to be read.
  WireEnd ReadHead(SeenRequest* request);
  WireEnd ReadBody(SeenRequest* request);
  // kOpen: the script ran to its end and the connection is still good. *closed: the script ended it.
  WireEnd Play(const Script& script, bool* closed);

 private:
  WireEnd PlayStep(const Script::Step& step, bool* closed);
  WireEnd SendBytes(const std::string& bytes);
  WireEnd SendSplit(const std::string& bytes, size_t size);
  WireEnd More();
  WireEnd Take(size_t size, std::string* out);
  WireEnd ReadChunks(SeenRequest* request);
  WireEnd Relay(uint16_t port);

  Wire& wire_;
  const FakeUpstream::Options& options_;
  const Count count_;
  std::string input_;
};

}  // namespace portolan::test
