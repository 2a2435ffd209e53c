#include "proto/access/access.h"

namespace portolan::access {
namespace {

constinit const File* files = nullptr;

}  // namespace

File::File(std::span<const MessageAccess> file_messages) : messages(file_messages), next(files) {
  files = this;
}

const MessageAccess* Find(std::string_view type) {
  for (const File* file = files; file != nullptr; file = file->next) {
    for (const MessageAccess& message : file->messages) {
      if (message.type == type) return &message;
    }
  }
  return nullptr;
}

}  // namespace portolan::access
