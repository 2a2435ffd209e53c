#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/ip.h"
#include "server/net/io_errno.h"
#include "server/net/socket.h"
#include "server/net/tls.h"
#include "server/net/tls_bio.h"

namespace portolan::net {
namespace {

constexpr size_t kRecordBytes = 16 << 10;

// Says whom the certificate must name, and asks for it by SNI (which is for names only, RFC 6066 section 3).
bool ExpectHost(SSL* ssl, const std::string& host) {
  if (ParseIp(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

// The bytes for the next record: a long piece where it lies, short ones gathered in `scratch`. Depends on
// nothing but the arguments: OpenSSL insists on getting the same again after it had to wait.
std::string_view NextRecord(std::span<const std::string_view> pieces, size_t offset,
                            std::span<char> scratch) {
  const std::string_view first = pieces.front().substr(offset);
  if (pieces.size() == 1 || first.size() >= kRecordBytes) return first.substr(0, kRecordBytes);
  size_t filled = 0;
  for (const std::string_view whole : pieces) {
    const std::string_view piece = whole.substr(offset, scratch.size() - filled);
    offset = 0;
    std::memcpy(scratch.data() + filled, piece.data(), piece.size());
    filled += piece.size();
    if (filled == scratch.size()) break;
  }
  return {scratch.data(), filled};
}

}  // namespace

class Socket::HandshakeAwaiter final : public Operation {
 public:
  HandshakeAwaiter(Socket& socket, Wait wait) : Operation(socket, &Socket::reader_, wait) {}

 private:
  bool Attempt() override { return socket_->TryHandshake(&result_); }
};

bool Socket::StartTls(TlsContext& context) {
  ERR_clear_error();
  ssl_ = SSL_new(context.native());
  BIO* bio = ssl_ != nullptr ? SocketBio::New(this) : nullptr;
  if (bio == nullptr) {
    tls_error_ = "out of memory";
    return false;
  }
  SSL_set_bio(ssl_, bio, bio);
  return true;
}

void Socket::FreeTls() {
  SendCloseNotify();
  SSL_free(ssl_);
}

Task<IoResult> Socket::HandshakeClient(TlsContext& context, std::string host, Wait wait) {
  if (host.ends_with('.')) host.pop_back();  // the root's dot is not part of a certificate's name
  tls_host_ = std::move(host);
  if (!StartTls(context)) co_return IoResult{.code = IoCode::kTls};
  SSL_set_connect_state(ssl_);
  SSL_set_app_data(ssl_, &tls_host_);
  if (!ExpectHost(ssl_, tls_host_)) {
    tls_error_ = "the host name cannot be used with TLS";
    co_return IoResult{.code = IoCode::kTls};
  }
  if (SSL_SESSION* session = context.FindSession(tls_host_)) SSL_set_session(ssl_, session);
  const IoResult result = co_await HandshakeAwaiter(*this, wait);
  if (!result.ok()) context.DropSession(tls_host_);
  co_return result;
}

Task<IoResult> Socket::HandshakeServer(TlsContext& context, Wait wait) {
  if (!StartTls(context)) co_return IoResult{.code = IoCode::kTls};
  SSL_set_accept_state(ssl_);
  co_return co_await HandshakeAwaiter(*this, wait);
}

bool Socket::TryHandshake(IoResult* result) {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_);
  return returned == 1 || TlsFailure(returned, result);
}

bool Socket::TryReadTls(std::span<char> buffer, IoResult* result) {
  size_t filled = 0;
  // OpenSSL gives a record at a time; those that have arrived are taken together.
  while (tls_end_.ok() && filled < buffer.size()) {
    if (filled > 0 && !readable_ && SSL_has_pending(ssl_) == 0) break;
    ERR_clear_error();
    size_t count = 0;
    const int returned = SSL_read_ex(ssl_, buffer.data() + filled, buffer.size() - filled, &count);
    filled += count;
    if (returned == 1) continue;
    if (!TlsFailure(returned, &tls_end_)) break;
    end_seen_ = true;
  }
  if (filled > 0) {
    *result = {.bytes = filled};
    return true;
  }
  if (tls_end_.ok() && watch_errno_ != 0) tls_end_ = FromErrno(watch_errno_);
  *result = tls_end_;
  return !tls_end_.ok();
}

bool Socket::TryWriteTls(WriteAwaiter& write, IoResult* result) {
  if (!write.started_ && tls_write_pending_) {
    tls_broken_ = true;  // half a record has left, and its other half is lost
    tls_error_ = "an earlier write was abandoned";
  }
  while (!write.pieces_.empty()) {
    if (tls_broken_) {
      result->code = IoCode::kTls;
      return true;
    }
    const std::string_view record = NextRecord(write.pieces_, write.offset_, loop_.record_scratch());
    ERR_clear_error();
    size_t count = 0;
    const int returned = SSL_write_ex(ssl_, record.data(), record.size(), &count);
    tls_write_pending_ = write.started_ = returned != 1;
    if (returned == 1) {
      write.Consume(count);
      continue;
    }
    const size_t left = result->bytes;
    const bool failed = TlsFailure(returned, result);
    result->bytes = left;
    return failed;
  }
  return true;
}

bool Socket::TlsFailure(int returned, IoResult* result) {
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return false;
    case SSL_ERROR_ZERO_RETURN:
      *result = {.code = IoCode::kEof};
      return true;
    case SSL_ERROR_SYSCALL:
      tls_broken_ = true;
      *result = tls_errno_ != 0 ? FromErrno(tls_errno_) : IoResult{.code = IoCode::kTruncated};
      return true;
    default:
      tls_broken_ = true;
      const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
      *result = {.code = cut ? IoCode::kTruncated : IoCode::kTls};
      if (tls_error_.empty()) tls_error_ = DescribeTlsError();
      ERR_clear_error();
      return true;
  }
}

std::string Socket::DescribeTlsError() const {
  const unsigned long error = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl_);
  switch (ERR_GET_REASON(error)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        return absl::StrCat("the certificate is not for ", tls_host_);
      }
      return absl::StrCat("certificate not accepted: ", X509_verify_cert_error_string(verified));
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return SSL_is_init_finished(ssl_) == 1 ? "the connection ended without close_notify"
                                             : "the connection ended during the handshake";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "the peer does not speak TLS";
    default:
      const char* reason = ERR_reason_error_string(error);
      return reason != nullptr ? reason : "unknown TLS error";
  }
}

bool Socket::TlsHasPending() const { return SSL_has_pending(ssl_) == 1; }

void Socket::SendCloseNotify() {
  if (tls_broken_ || reset_on_close_ || SSL_is_init_finished(ssl_) == 0 || tls_write_pending_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool Socket::tls_resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

std::string Socket::tls_peer_subject() const {
  const X509* certificate = ssl_ != nullptr ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  BIO* text = BIO_new(BIO_s_mem());
  if (text == nullptr) return {};
  X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  std::string subject(data, static_cast<size_t>(std::max(size, 0L)));
  BIO_free(text);
  return subject;
}

}  // namespace portolan::net
