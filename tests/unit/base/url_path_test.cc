#include "server/base/url_path.h"

#include <gtest/gtest.h>

namespace portolan {
namespace {

TEST(UrlPath, FindsSegmentsOfDotsHoweverTheyAreWritten) {
  for (const char* path :
       {".", "..", "/.", "/..", "/a/./b", "/a/../b", "/%2e", "/%2E%2e/a", "/.%2e", "/%2e.", "/a%2f../b",
        "/a%2F%2e%2E", "/a%5c..", "/a\\..\\b", "/%252e%252e", "/%25252e", "/%25%32%65", "/a/..;/b/.."}) {
    EXPECT_TRUE(HasDotSegment(path)) << path;
  }
  for (const char* path : {"", "/", "/a", "/a.b", "/...", "/.a", "/a.", "/..a/b..", "/%2ea", "/%2", "/%",
                           "/%zz", "/a%2fb", "/%2e%2", "/a/.../b"}) {
    EXPECT_FALSE(HasDotSegment(path)) << path;
  }
}

}  // namespace
}  // namespace portolan
