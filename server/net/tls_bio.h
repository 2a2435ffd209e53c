#pragma once

// The transport below OpenSSL: recv and send on the socket's descriptor, which keep up the socket's knowledge
// of its readiness (OpenSSL's own BIO would make system calls that cannot succeed) and raise no SIGPIPE.

#include <openssl/bio.h>

#include "server/net/socket.h"

namespace portolan::net {

struct SocketBio {
  // A new BIO for `socket`, which must outlive it. The caller owns it. Null when out of memory.
  static BIO* New(Socket* socket);

 private:
  static const BIO_METHOD* Method();
  static int Read(BIO* bio, char* buffer, int size);
  static int Write(BIO* bio, const char* buffer, int size);
  static long Control(BIO* bio, int command, long number, void* pointer);
};

}  // namespace portolan::net
