#include "providers/dialects/common/web_media.h"

#include "providers/dialects/common/media.h"
#include "providers/dialects/common/member_path.h"

namespace portolan::providers {
namespace {

namespace api = ::portolan::v1;

void Collect(const api::ContentPart& part, const MemberPath& place, std::vector<MediaReference>* out) {
  const auto add = [out](const std::string& url, const MemberPath& path) {
    if (IsWebUrl(url)) out->push_back({url, path.ToString()});
  };
  const MemberPath image{&place, "image_url"};
  const MemberPath file{&place, "file"};
  add(part.image_url().uri(), image);
  add(part.image_url().image().url(), MemberPath{&image, "url"});
  add(part.file().file_data(), MemberPath{&file, "file_data"});
}

}  // namespace

std::vector<MediaReference> WebMediaOf(const api::ChatCompletionRequest& request) {
  std::vector<MediaReference> found;
  for (int i = 0; i < request.messages_size(); ++i) {
    const MemberPath message{nullptr, "messages", i};
    const auto& parts = request.messages(i).content().parts().items();
    for (int j = 0; j < parts.size(); ++j) Collect(parts[j], MemberPath{&message, "content", j}, &found);
  }
  return found;
}

}  // namespace portolan::providers
