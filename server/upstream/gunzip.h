#pragma once

// Inflates a gzip stream (RFC 1952, one or more members) piece by piece, with no more output at a time than
// asked for, so that a small input that inflates to a great size takes more calls but no more memory.

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace portolan::upstream {

class Gunzip {
 public:
  // Null if there is not enough memory.
  static std::unique_ptr<Gunzip> Create();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Hands in the next bytes, which must stay valid until Next() returns kNeedMore. REQUIRES: Next() has
  // returned kNeedMore, or was never called.
  void Push(std::string_view bytes);

  enum class Result { kData, kNeedMore, kBad };
  // kData: *size bytes, at least one, are in `out`.
  Result Next(std::span<char> out, size_t* size);
  // Whether what was pushed so far is a number of whole members.
  bool complete() const { return at_member_end_; }

 private:
  Gunzip() = default;
  z_stream stream_{};
  bool at_member_end_ = false;
};

}  // namespace portolan::upstream
