#include "duet/http/mime.hpp"

#include <string>

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

constexpr std::string_view table =
    "# a comment\n"
    "text/x-thing\tthing  thg # and another\n"
    "\n"
    "image/png\n"
    "Application/Thing+XML  THX\n"
    "application/x-page html\n";

TEST(MimeTypes, go_by_the_table) {
  const MimeTypes types(table);
  EXPECT_EQ(types.type_of("a.thg"), "text/x-thing; charset=utf-8");
  EXPECT_EQ(types.type_of("a/b.THING"), "text/x-thing; charset=utf-8");
  EXPECT_EQ(types.type_of("a.thx"), "application/thing+xml");
}

TEST(MimeTypes, put_the_table_over_the_one_built_in) {
  const MimeTypes types(table);
  EXPECT_EQ(types.type_of("a.html"), "application/x-page");
  EXPECT_EQ(types.type_of("a.png"), "image/png");
  EXPECT_EQ(types.type_of("a.unknown"), unknown);
}

TEST(MimeTypes, are_those_built_in_without_a_table) {
  EXPECT_EQ(MimeTypes().type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(MimeTypes("").type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(MimeTypes::read("/nowhere/at/all").type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(MimeTypes::read("/").type_of("a.html"), "text/html; charset=utf-8");
}

TEST(MimeTypes, take_no_extension_from_a_hidden_name_or_a_folder) {
  const MimeTypes types(table);
  EXPECT_EQ(types.type_of(".thing"), unknown);
  EXPECT_EQ(types.type_of("a.thing/b"), unknown);
  EXPECT_EQ(types.type_of("thing"), unknown);
}

TEST(MimeTypes, take_the_last_of_two_lines_for_an_extension) {
  const MimeTypes types("a/1 x y\na/2 x\na/3 x");
  EXPECT_EQ(types.type_of("a.x"), "a/3");
  EXPECT_EQ(types.type_of("a.y"), "a/1");
}

TEST(MimeTypes, skip_malformed_lines) {
  const MimeTypes types(
      "a x1\n/b x2\na/ x3\na/b/c x4\na b/c x5\n\"a\"/b x6\na/\x01 x7\n:{}\na/b x8\r\n"
      "a/b caf\xc3\xa9 " +
      std::string(33, 'x') + " x9");
  for (std::string_view name : {"a.x1", "a.x2", "a.x3", "a.x4", "a.x5", "a.x6", "a.x7"})
    EXPECT_EQ(types.type_of(name), unknown) << name;
  EXPECT_EQ(types.type_of("a.x8"), "a/b");
  EXPECT_EQ(types.type_of("a.x9"), "a/b");
  EXPECT_EQ(types.type_of("a." + std::string(33, 'x')), unknown);
}

TEST(MimeTypes, read_no_more_of_a_table_than_a_megabyte) {
  std::string large = "a/b first\n";
  while (large.size() < MimeTypes::table_bytes_max - 10) large += "#\n";
  large += "a/b cut-here-somewhere\na/b last\n";
  const MimeTypes types(large);
  EXPECT_EQ(types.type_of("a.first"), "a/b");
  EXPECT_EQ(types.type_of("a.cut"), unknown);
  EXPECT_EQ(types.type_of("a.last"), unknown);
}

TEST(MimeTypes, share_their_table_with_copies) {
  MimeTypes copy;
  std::string_view type;
  {
    const MimeTypes types(table);
    copy = types;
    type = types.type_of("a.thing");
  }
  EXPECT_EQ(copy.type_of("a.thing").data(), type.data());
}

TEST(MimeTypes, of_the_system_know_pages) {
  EXPECT_EQ(MimeTypes::read().type_of("a.html"), "text/html; charset=utf-8");
}

}  // namespace
}  // namespace duet::http
