#ifndef PORTOLAN_STREAM_H_
#define PORTOLAN_STREAM_H_

#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "portolan/error.h"

namespace portolan {

namespace internal {

// Where a stream's pieces come from.
template <typename Piece>
class Source {
 public:
  virtual ~Source() = default;
  // As AnswerStream's.
  virtual std::optional<Result<Piece>> Next() = 0;
  virtual void Cancel() = 0;
};

}  // namespace internal

// An answer that comes piece by piece: iterate over it, in one thread at a time. A stream that ends without
// an error was complete; an error is the last that comes. The call is made when the first piece is asked for.
// To destroy a stream that is not over cancels it.
template <typename Piece>
class AnswerStream {
 public:
  class Iterator {
   public:
    using value_type = Result<Piece>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(AnswerStream* stream) : stream_(stream) { ++*this; }
    Result<Piece>& operator*() const { return *stream_->last_; }
    Iterator& operator++() {
      stream_->last_ = stream_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !stream_->last_; }

   private:
    AnswerStream* stream_ = nullptr;
  };

  explicit AnswerStream(std::unique_ptr<internal::Source<Piece>> source) : source_(std::move(source)) {}

  // The next piece, or an error, which is the last; nothing at the end. Waits for it.
  std::optional<Result<Piece>> Next() { return source_->Next(); }

  // The pieces that are still to come, once.
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() { return {}; }

  // Ends the call: the provider is left at once, and the iteration ends in an error. May be called in any
  // thread; without effect on a stream that is over.
  void Cancel() { source_->Cancel(); }

 private:
  std::unique_ptr<internal::Source<Piece>> source_;
  std::optional<Result<Piece>> last_;
};

}  // namespace portolan

#endif  // PORTOLAN_STREAM_H_
