#pragma once

// One request and its answer on one connection.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/text_buffer.h"
#include "server/http/body_framer.h"
#include "server/http/message.h"
#include "server/upstream/client.h"
#include "server/upstream/failure.h"
#include "server/upstream/gunzip.h"
#include "server/upstream/pool.h"

namespace portolan::upstream {

// Memory of an exchange, to be used again by a later one.
struct Buffers {
  TextBuffer request_head;
  std::vector<std::string_view> pieces;  // the request
  std::string answer;                    // the answer's head and what came with it
  http::ResponseHead head;               // views into `answer`
  std::unique_ptr<char[]> body;          // one read's worth of the body; kBodyBytes, made when first needed
  std::unique_ptr<char[]> inflated;

  static constexpr size_t kBodyBytes = 64 << 10;
  static constexpr size_t kInflatedBytes = 32 << 10;
};

class BufferCache {
 public:
  std::unique_ptr<Buffers> Take();
  void Give(std::unique_ptr<Buffers> buffers);

 private:
  std::vector<std::unique_ptr<Buffers>> free_;
};

class HttpExchange final : public Exchange {
 public:
  // `buffers->request_head` already holds the head of `request`. Client::Send says how long that must stay
  // valid.
  HttpExchange(net::Loop& loop, Pool& pool, BufferCache& cache, std::unique_ptr<Buffers> buffers,
               const Request& request, const Timeouts& timeouts);
  ~HttpExchange() override;

  static void* operator new(size_t size) { return net::AllocateFrame(size); }
  static void operator delete(void* memory, size_t size) { net::FreeFrame(memory, size); }

  // Writes the request and reads the answer's head. After a failure the connection is still held; if
  // answer_began() is false, Start may be called again with another one after Abort().
  net::Task<Failure> Start(std::unique_ptr<Connection> connection, net::Wait wait);
  bool answer_began() const { return answer_began_; }
  // After a failure: how long the connection had lived since the last byte of the request was written.
  net::Duration silent_for() const { return died_ - last_write_; }
  const Timeouts& timeouts() const { return timeouts_; }
  // REQUIRES: a connection is held.
  const Origin& origin() const { return connection_->origin(); }
  // Closes the connection so that the server notices at once, whatever is still queued to it.
  void Abort();

  int status() const override { return buffers_->head.status; }
  std::span<const HeaderView> headers() const override { return buffers_->head.headers; }
  net::Task<Piece> Read(net::Wait wait) override;
  void AllowPolling() override;
  std::optional<std::string_view> TakeWhole() override;
  net::Task<Failure> ReadAll(size_t limit, std::string* body, net::Wait wait) override;

 private:
  enum class Keep : uint8_t { kYes, kNo };  // whether the data must outlive the next await

  class AnswerWatch;

  // Writes a large request part by part while looking for an answer. Ends when all is written, a part failed,
  // or write_cut_ is set.
  net::Task<net::IoResult> WriteWatched(net::Wait wait);
  // Writes the head, and the body as it comes, likewise.
  net::Task<net::IoResult> WriteFromSource(net::Wait wait);
  // After a write that failed: reads the answer if the server has sent one, else returns the failure.
  net::Task<Failure> AfterBrokenWrite(net::IoResult written, net::Wait wait);
  // Reads an answer that came before the whole request was written. False if none has.
  bool TakeEarlyAnswer();
  net::Task<void> ReadLastWords(const Step& step);
  bool KeepEarlyAnswer(std::span<const char> bytes);
  Failure HeadMissing(const net::IoResult& result, const Step& step);
  // Parses buffers_->answer. kNeedMore: read more.
  http::ParseState ParseHead(Failure* failure);
  void StartBody(size_t head_bytes);

  // The next bytes of the body without their framing, but still compressed if they came so.
  net::Task<Piece> ReadFramed(Keep keep, net::Wait wait);
  net::Task<Piece> ReadInflated(net::Wait wait);
  Piece TakePending();
  std::span<char> BodyBuffer();
  std::string_view KeepData(std::string_view data);
  Piece Broken(const net::IoResult& result, const Step& step);
  Piece Failed(Failure failure);
  void Finish();
  // For messages. The connection may already be gone when its last bytes turn out to be bad.
  std::string peer() const {
    return connection_ == nullptr ? "the upstream" : HostPort(connection_->origin());
  }

  net::Loop& loop_;
  Pool& pool_;
  BufferCache& cache_;
  std::unique_ptr<Buffers> buffers_;
  const Timeouts timeouts_;
  const std::string_view method_;
  http::BodySource* const source_;
  size_t request_bytes_ = 0;
  std::unique_ptr<Connection> connection_;  // null once the body is complete, or it failed
  http::BodyFramer framer_;
  std::unique_ptr<Gunzip> gunzip_;
  std::string_view pending_;  // bytes of the body that came with the head
  Failure failure_;
  const char* unreadable_ = nullptr;  // why Read cannot give this body
  const bool keep_encoding_;
  bool request_sent_ = false;
  bool answer_began_ = false;
  bool write_cut_ = false;  // the answer came before the request was written
  bool ended_ = false;      // all of a gzip body has been pushed
  size_t scanned_ = 0;
  int interim_heads_ = 0;
  net::TimePoint last_write_;  // when the kernel last took some of the request
  net::TimePoint died_;        // when the connection was found broken
  // How long reads that ended by their own deadline have waited for the next bytes of the body.
  net::Duration waited_{};
};

}  // namespace portolan::upstream
