// Options that a provider looks for in the body: which of them goes, and what becomes of the others.

#include "providers/body_options.h"

#include <gtest/gtest.h>

#include <string>

#include "providers/provider.h"

namespace portolan::providers {
namespace {

using codec::Edit;

class BodyOptionsTest : public testing::Test {
 protected:
  BodyOptionsTest() {
    provider_.options = {{.name = "project"}, {.name = "space"}};
    target_.provider = &provider_;
    form_.body_edits = {{Edit::Kind::kSet, "project_id", "{project}"},
                        {Edit::Kind::kSet, "space_id", "{space}"},
                        {Edit::Kind::kSet, "more", R"({"a":1})"},
                        {Edit::Kind::kSet, "none", "{}"},
                        {Edit::Kind::kRemove, "model", {}}};
  }

  // `name=value`, `-name`, but for what is no option's.
  std::string Edits() const {
    std::string told;
    for (const Edit& edit : BodyEdits(form_, target_)) {
      if (edit.name == "more") EXPECT_EQ(edit.json, R"({"a":1})");
      if (edit.name == "none") EXPECT_EQ(edit.json, "{}");
      if (!edit.name.ends_with("_id")) continue;
      const bool sets = edit.kind == Edit::Kind::kSet;
      told += (told.empty() ? "" : " ") + (sets ? edit.name + "=" + edit.json : "-" + edit.name);
    }
    return told;
  }

  Provider provider_;
  Target target_;
  Form form_;
};

TEST_F(BodyOptionsTest, OneOfThemGoes) {
  EXPECT_EQ(Edits(), "");
  EXPECT_EQ(BodyEdits(form_, target_).size(), 3u);
  provider_.options[1].fallback = "s";
  EXPECT_EQ(Edits(), R"(-project_id space_id="s")");
  provider_.options[0].fallback = "p";
  EXPECT_EQ(Edits(), R"(project_id="p" -space_id)");
  target_.options = {{"space", "given"}};
  EXPECT_EQ(Edits(), R"(-project_id space_id="given")");
  target_.options = {{"space", "given"}, {"project", "given too"}};
  EXPECT_EQ(Edits(), R"(project_id="given too" -space_id)");
}

TEST_F(BodyOptionsTest, WhatIsInThemIsText) {
  target_.options = {{"project", R"(a","model":"b)"}};
  EXPECT_EQ(Edits(), R"(project_id="a\",\"model\":\"b" -space_id)");
}

}  // namespace
}  // namespace portolan::providers
