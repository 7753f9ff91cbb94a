#include "duet/http/mime.hpp"

#include <gtest/gtest.h>

namespace duet::http {
namespace {

constexpr std::string_view unknown = "application/octet-stream";

TEST(MimeType, goes_by_the_extension) {
  EXPECT_EQ(mime_type("a/b/index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(mime_type("picture.png"), "image/png");
}

TEST(MimeType, finds_the_first_and_the_last_row_of_the_table) {
  EXPECT_EQ(mime_type("a.7z"), "application/x-7z-compressed");
  EXPECT_EQ(mime_type("a.zst"), "application/zstd");
}

TEST(MimeType, declares_text_to_be_utf_8) {
  for (std::string_view name : {"a.css", "a.js", "a.txt", "a.csv"})
    EXPECT_TRUE(mime_type(name).ends_with("; charset=utf-8")) << name;
}

TEST(MimeType, ignores_the_case_of_the_extension) { EXPECT_EQ(mime_type("A.JpEg"), "image/jpeg"); }

TEST(MimeType, takes_the_last_extension) { EXPECT_EQ(mime_type("a.html.gz"), "application/gzip"); }

TEST(MimeType, is_octets_for_an_unknown_extension) {
  EXPECT_EQ(mime_type("a.unknown"), unknown);
  EXPECT_EQ(mime_type("a.htmlx"), unknown);
  EXPECT_EQ(mime_type("a.an-extension-longer-than-any"), unknown);
}

TEST(MimeType, is_octets_without_an_extension) {
  EXPECT_EQ(mime_type("README"), unknown);
  EXPECT_EQ(mime_type("a."), unknown);
  EXPECT_EQ(mime_type(""), unknown);
}

TEST(MimeType, takes_no_extension_from_a_folder) { EXPECT_EQ(mime_type("a.html/b"), unknown); }

TEST(MimeType, takes_no_extension_from_a_hidden_name) { EXPECT_EQ(mime_type("a/.html"), unknown); }

}  // namespace
}  // namespace duet::http
