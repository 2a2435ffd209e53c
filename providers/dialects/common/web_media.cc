#include "providers/dialects/common/web_media.h"

#include "providers/dialects/common/media.h"
#include "providers/dialects/common/member_path.h"
#include "server/base/json_text.h"

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

std::string_view FetchedFrom(const CallFacts& facts, std::string_view url) {
  if (facts.media == nullptr) return {};
  const auto found = facts.media->find(url);
  return found == facts.media->end() ? std::string_view() : std::string_view(found->second);
}

std::string LedTo(std::string_view media_type) {
  return "what its URL leads to is " + JsonString(media_type);
}

std::string WrongWithPicture(const CallFacts& facts, std::string_view url) {
  const std::string_view fetched = FetchedFrom(facts, url);
  DataUrl data;
  if (fetched.empty() || !ReadDataUrl(fetched, &data).empty() || data.media_type.starts_with("image/")) {
    return {};
  }
  return LedTo(data.media_type) + ", and no picture";
}

}  // namespace portolan::providers
