#include "duet/sys/address.hpp"

#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace duet {
namespace {

using namespace std::string_literals;

struct Row {
  const char* name;
  std::string text;
  std::string formatted;  // empty: refused
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.text; }

const Row rows[] = {
    {"ip4", "127.0.0.1:8080", "127.0.0.1:8080"},
    {"ip4_port_0", "10.0.0.255:0", "10.0.0.255:0"},
    {"ip4_highest_port", "1.2.3.4:65535", "1.2.3.4:65535"},
    {"every_interface", ":80", "0.0.0.0:80"},
    {"localhost", "localhost:80", "127.0.0.1:80"},
    {"ip6", "[::1]:8080", "[::1]:8080"},
    {"ip6_any", "[::]:80", "[::]:80"},
    {"ip6_is_shortened", "[2001:0db8:0:0:0:0:0:1]:1", "[2001:db8::1]:1"},
    {"ip6_mapped", "[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"},
    {"ip6_scope_by_name", "[fe80::1%lo]:80", "[fe80::1%lo]:80"},
    {"ip6_scope_by_number", "[fe80::1%1]:80", "[fe80::1%lo]:80"},
    {"local", "unix:/run/duet.sock", "unix:/run/duet.sock"},
    {"local_relative", "unix:duet.sock", "unix:duet.sock"},
    {"local_longest", "unix:" + std::string(107, 'a'), "unix:" + std::string(107, 'a')},
    {"abstract", "unix:@duet", "unix:@duet"},
    {"empty", "", ""},
    {"no_port", "127.0.0.1", ""},
    {"empty_port", "127.0.0.1:", ""},
    {"port_too_high", "127.0.0.1:65536", ""},
    {"negative_port", "127.0.0.1:-1", ""},
    {"signed_port", "127.0.0.1:+1", ""},
    {"port_with_space", "127.0.0.1: 80", ""},
    {"port_with_letter", "127.0.0.1:80a", ""},
    {"a_name", "example.org:80", ""},
    {"ip4_too_short", "127.0.1:80", ""},
    {"ip4_too_high", "256.0.0.1:80", ""},
    {"ip4_octal", "127.0.0.01:80", ""},
    {"ip4_with_space", " 127.0.0.1:80", ""},
    {"ip6_without_brackets", "::1:80", ""},
    {"ip6_without_port", "[::1]", ""},
    {"ip6_unclosed", "[::1:80", ""},
    {"ip6_empty", "[]:80", ""},
    {"ip6_empty_scope", "[fe80::1%]:80", ""},
    {"ip6_unknown_scope", "[fe80::1%no-such-interface]:80", ""},
    {"ip6_scope_0", "[fe80::1%0]:80", ""},
    {"local_empty", "unix:", ""},
    {"local_too_long", "unix:" + std::string(108, 'a'), ""},
    {"nul_in_ip4", "127.0.0.1\0.evil:80"s, ""},
    {"nul_in_ip6", "[::1\0evil]:80"s, ""},
    {"nul_in_path", "unix:/run/a\0b"s, ""},
    {"abstract_empty", "unix:@", ""},
};

class AddressText : public ::testing::TestWithParam<Row> {};

TEST_P(AddressText, is_parsed_and_formatted_or_refused) {
  const Row& row = GetParam();
  std::optional<Address> address = Address::parse(row.text);
  ASSERT_EQ(address.has_value(), !row.formatted.empty());
  if (!address) return;
  EXPECT_EQ(address->text(), row.formatted);
  EXPECT_EQ(Address::parse(address->text()), address) << "the text is parsed to the same again";
}

INSTANTIATE_TEST_SUITE_P(rows, AddressText, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Address, of_an_unnamed_socket_has_a_text_too) {
  EXPECT_EQ(Address().text(), "an unnamed socket");
}

class SocketAddressForm : public ::testing::TestWithParam<const char*> {};

TEST_P(SocketAddressForm, gives_the_same_address_back) {
  std::optional<Address> address = Address::parse(GetParam());
  ASSERT_TRUE(address);
  EXPECT_EQ(sys::SocketAddress(*address).value(), *address);
}

INSTANTIATE_TEST_SUITE_P(rows, SocketAddressForm,
                         ::testing::Values("127.0.0.1:8080", "[::1]:1", "[fe80::1%lo]:80",
                                           "unix:/run/duet.sock", "unix:@duet"));

TEST(SocketAddressForm, keeps_a_path_that_fills_the_kernels_record) {
  std::string path(sizeof(sockaddr_un::sun_path) - 1, 'a');
  EXPECT_EQ(sys::SocketAddress(Address::local(path)).value().path(), path);
}

// Cut off, it would name another socket.
TEST(SocketAddressForm, is_refused_by_the_kernel_when_the_path_is_too_long) {
  sys::Fd socket(static_cast<int>(sys::open_socket(Address::Family::local)));
  for (const std::string& path : {"/tmp/" + std::string(200, 'a'), "\0"s + std::string(200, 'a')})
    EXPECT_EQ(sys::bind(socket.get(), Address::local(path)), -EINVAL);
}

TEST(SocketAddressForm, of_a_peer_without_a_name_is_none) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  sys::Fd one(pair[0]), other(pair[1]);
  sys::SocketAddress name;
  ASSERT_EQ(sys::local_name(one.get(), name), 0);
  EXPECT_EQ(name.value(), Address());
}

}  // namespace
}  // namespace duet
