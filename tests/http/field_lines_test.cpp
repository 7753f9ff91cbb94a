#include "duet/http/field_lines.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "duet/http/client.hpp"
#include "duet/http/response.hpp"

namespace duet::http {
namespace {

TEST(FieldLines, keep_several_of_one_name) {
  FieldLines lines;
  lines.put("Set-Cookie", "a=1");
  lines.put("Set-Cookie", "b=2");
  EXPECT_EQ(lines.text(), "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
}

TEST(FieldLines, have_one_content_type_the_last) {
  FieldLines lines;
  lines.put("A", "1");
  lines.put("Content-Type", "text/plain");
  lines.put("B", "2");
  lines.put("content-type", "text/css");
  EXPECT_EQ(lines.text(), "A: 1\r\nB: 2\r\ncontent-type: text/css\r\n");
  lines.put("Content-Type", "text/html");
  EXPECT_EQ(lines.text(), "A: 1\r\nB: 2\r\nContent-Type: text/html\r\n");
}

TEST(FieldLines, keep_their_content_type_when_another_is_refused) {
  FieldLines lines;
  lines.put("Content-Type", "text/plain");
  EXPECT_THROW(lines.put("Content-Type", "a\r\nB: c"), std::invalid_argument);
  EXPECT_EQ(lines.text(), "Content-Type: text/plain\r\n");
}

// Beyond the place that is in the object itself.
TEST(FieldLines, have_one_content_type_among_many_fields) {
  FieldLines lines;
  lines.put("Content-Type", "text/plain");
  std::string fields;
  for (int i = 0; i < 20; ++i) {
    lines.put("Name", std::string(20, 'v'));
    fields += "Name: " + std::string(20, 'v') + "\r\n";
  }
  lines.put("Content-Type", "text/css");
  EXPECT_EQ(lines.text(), fields + "Content-Type: text/css\r\n");
}

// Twice, most fields are an error to the one who reads them.
TEST(Response, refuses_the_fields_that_duet_writes) {
  for (const char* name : {"Date", "server", "Content-Length", "Connection", "Transfer-Encoding"})
    EXPECT_THROW(Response().field(name, "x"), std::invalid_argument) << name;
  EXPECT_THROW(Response().field("a b", "x"), std::invalid_argument);
}

TEST(ClientRequest, refuses_the_fields_that_duet_writes) {
  for (const char* name : {"Host", "Content-Length", "Connection", "Transfer-Encoding"})
    EXPECT_THROW(ClientRequest("GET", "http://a/").field(name, "x"), std::invalid_argument) << name;
  EXPECT_NO_THROW(ClientRequest("GET", "http://a/").field("Date", "x"));
}

}  // namespace
}  // namespace duet::http
