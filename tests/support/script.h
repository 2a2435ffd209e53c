#pragma once

// What a fake upstream does on a connection, step by step. No step sleeps: a pause lasts until the test
// releases a latch.
//
//   Latch go;
//   Script()
//       .Send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe")
//       .Hold(go)
//       .Send("llo");

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace portolan::test {

// A gate that opens once and stays open. Copies are the same gate. Thread-safe.
class Latch {
 public:
  Latch();
  void Release();
  bool released() const;
  // Waits until it is open; false after `seconds`, which means that the test has failed.
  bool Wait(int seconds = 20) const;
  int fd() const;  // readable once open

 private:
  struct State;
  std::shared_ptr<State> state_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class Script {
 public:
  // Returns the nth piece of a stream, from 0. Runs on the server's threads.
  using Piece = std::function<std::string(size_t)>;

  struct Step {
    enum class Kind { kSend, kStream, kSplit, kHold, kSignal, kStall, kClose, kCutOff, kReset, kTunnel };
    Kind kind;
    std::string bytes;
    size_t size = 0;                            // kSplit: bytes per piece; kStream: pieces
    std::optional<Latch> latch = std::nullopt;  // kHold, kSignal
    uint16_t port = 0;                          // kTunnel
    Piece piece = {};                           // kStream
  };

  // Sends these bytes in one call.
  Script& Send(std::string bytes) &;
  // Sends `count` pieces, each made when its turn comes.
  Script& Stream(Piece piece, size_t count) &;
  // Sends in pieces of `size` bytes, each acknowledged before the next leaves. The receiver may still see two
  // at once; if a test depends on the cut, use Hold between two Sends.
  Script& Split(std::string bytes, size_t size) &;
  // Waits until the latch is open or the client has gone.
  Script& Hold(Latch latch) &;
  // Opens the latch, which tells the test that the script got here.
  Script& Signal(Latch latch) &;
  // Waits until the client has gone.
  Script& Stall() &;
  // End the connection: in good order (FIN, with TLS after close_notify), cut off (with TLS without
  // close_notify), or with RST.
  Script& Close() &;
  Script& CutOff() &;
  Script& Reset() &;
  // Relays bytes between the client and 127.0.0.1:port from now on, as a proxy does after CONNECT.
  Script& Tunnel(uint16_t port) &;

  Script Send(std::string bytes) && { return std::move(Send(std::move(bytes))); }
  Script Stream(Piece piece, size_t count) && { return std::move(Stream(std::move(piece), count)); }
  Script Split(std::string bytes, size_t size) && { return std::move(Split(std::move(bytes), size)); }
  Script Hold(Latch latch) && { return std::move(Hold(std::move(latch))); }
  Script Signal(Latch latch) && { return std::move(Signal(std::move(latch))); }
  Script Stall() && { return std::move(Stall()); }
  Script Close() && { return std::move(Close()); }
  Script CutOff() && { return std::move(CutOff()); }
  Script Reset() && { return std::move(Reset()); }
  Script Tunnel(uint16_t port) && { return std::move(Tunnel(port)); }

  const std::vector<Step>& steps() const { return steps_; }

 private:
  Script& Add(Step step);
  std::vector<Step> steps_;
};

// `HTTP/1.1 200 OK`, the headers and the blank line.
std::string Head(int status, const Headers& headers = {});
// One chunk of chunked framing; the empty chunk is the last one.
std::string Chunk(const std::string& data);

// Whole answers. The connection stays open after all of them but RespondUntilClose.
Script Respond(int status, const std::string& body, const Headers& headers = {});  // with content-length
Script RespondJson(int status, const std::string& json);
Script RespondChunked(int status, const std::vector<std::string>& chunks, const Headers& headers = {});
Script RespondUntilClose(int status, const std::string& body, const Headers& headers = {});
// A chunked `text/event-stream` with one event per chunk and per send.
Script RespondEvents(const std::vector<std::string>& events);

}  // namespace portolan::test
