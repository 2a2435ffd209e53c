#pragma once

// Inflates a gzip stream (RFC 1952; several members in a row too) piece by piece, with no more output at a
// time than asked for: a small input that inflates to a great size costs its reader nothing but calls.

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace portolan::upstream {

class Gunzip {
 public:
  // Null when memory is short.
  static std::unique_ptr<Gunzip> Create();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // REQUIRES: Next() has returned kNeedMore, or was never called. `bytes` must stay valid until it does so
  // again.
  void Push(std::string_view bytes);

  enum class Result { kData, kNeedMore, kBad };
  // kData: *size bytes, at least one, are in `out`.
  Result Next(std::span<char> out, size_t* size);
  // All that was pushed makes whole members.
  bool complete() const { return at_member_end_; }

 private:
  Gunzip() = default;
  z_stream stream_{};
  bool at_member_end_ = false;
};

}  // namespace portolan::upstream
