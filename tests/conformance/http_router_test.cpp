// Which handler a router chooses for a request, and what it answers itself.

#include <filesystem>

#include <fmt/format.h>

#include "duet/http/router.hpp"
#include "duet/http/static_files.hpp"
#include "support/disk_folder.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using http::Request;
using http::Response;

// Which route it was, and what its named parts are.
Task<Response> tell(Request request, std::string route) {
  for (const char* name : {"id", "name", "rest"})
    if (std::string value = request.parameter(name); !value.empty())
      route += fmt::format(" {}={}", name, value);
  co_return Response::text(std::move(route));
}

http::Router some_routes() {
  http::Router router;
  router.get("/users/{id}", tell, "user")
      .get("/{rest...}", tell, "rest")
      .get("/users/me", tell, "me")
      .get("/users/{id}/files/{rest...}", tell, "file")
      .get("/users/{id}/{name}", tell, "name")
      .put("/only/put", tell, "put")
      .post("/only/put", tell, "post")
      .remove("/only/put", tell, "remove")
      .on("PROPFIND", "/dav", tell, "dav")
      .get("/a b", tell, "space");
  return router;
}

class HttpRouter : public ModelTest {
 protected:
  void SetUp() override {
    ModelTest::SetUp();
    if (IsSkipped()) return;
    server_.emplace(options(), serving_http({}, some_routes()));
    client_.emplace(server_->address());
  }
  void TearDown() override {
    client_.reset();
    server_.reset();
    ModelTest::TearDown();
  }

  std::string route_of(std::string_view target) { return client_->ask(get(target)).body; }
  Answer ask(std::string_view method, std::string_view target, Asked asked = Asked::any) {
    return client_->ask(fmt::format("{} {} HTTP/1.1\r\nHost: a\r\n\r\n", method, target), asked);
  }

 private:
  std::optional<ServerProcess> server_;
  std::optional<HttpClient> client_;
};
INSTANTIATE_TEST_SUITE_P(, HttpRouter, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(HttpRouter, prefers_a_text_to_a_name_and_a_name_to_a_rest) {
  EXPECT_EQ(route_of("/users/me"), "me");
  EXPECT_EQ(route_of("/users/7"), "user id=7");
  EXPECT_EQ(route_of("/users/7/photo"), "name id=7 name=photo");
  EXPECT_EQ(route_of("/users/7/files/a/b"), "file id=7 rest=a/b");
  EXPECT_EQ(route_of("/users"), "rest rest=users");
  EXPECT_EQ(route_of("/users/me/files/"), "file id=me");
}

TEST_P(HttpRouter, gives_a_name_no_empty_segment) {
  EXPECT_EQ(route_of("/users/"), "rest rest=users/");
  EXPECT_EQ(route_of("/users//photo"), "rest rest=users//photo");
}

TEST_P(HttpRouter, decodes_what_a_name_stands_for_once) {
  EXPECT_EQ(route_of("/users/a%20b"), "user id=a b");
  EXPECT_EQ(route_of("/users/a%2Fb"), "user id=a/b");
  EXPECT_EQ(route_of("/users/%252e"), "user id=%2e");
  EXPECT_EQ(route_of("/users/%c3%bc"), "user id=\xc3\xbc");
}

// A NUL would end a file's name where the handler does not see it.
TEST_P(HttpRouter, answers_400_to_a_name_that_cannot_be_decoded) {
  for (const char* name : {"a%00b", "%00", "%zz", "%", "%2", "a%2"})
    EXPECT_EQ(ask("GET", fmt::format("/users/{}", name)).status, 400) << name;
}

TEST_P(HttpRouter, finds_a_text_however_it_is_encoded) {
  EXPECT_EQ(route_of("/a%20b"), "space");
  EXPECT_EQ(route_of("/%75sers/%6de"), "me");
}

TEST_P(HttpRouter, overlooks_the_query) { EXPECT_EQ(route_of("/users/me?x=/users/7"), "me"); }

TEST_P(HttpRouter, chooses_by_method) {
  EXPECT_EQ(ask("PUT", "/only/put").body, "put");
  EXPECT_EQ(ask("POST", "/only/put").body, "post");
  EXPECT_EQ(ask("DELETE", "/only/put").body, "remove");
  EXPECT_EQ(ask("PROPFIND", "/dav").body, "dav");
}

TEST_P(HttpRouter, answers_head_where_there_is_a_get) {
  Answer head = ask("HEAD", "/users/me", Asked::head);
  EXPECT_EQ(without_dates(head.head), without_dates(ask("GET", "/users/me").head));
}

TEST_P(HttpRouter, answers_405_and_names_the_methods_there_are) {
  Answer answer = ask("PATCH", "/users/me/x");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.field("Allow"), "GET, HEAD");
}

TEST_P(HttpRouter, answers_options_with_the_methods_there_are) {
  Answer answer = ask("OPTIONS", "/users/7/files/a");
  EXPECT_EQ(answer.status, 204);
  EXPECT_NE(answer.field("Allow").find("GET, HEAD"), std::string::npos) << answer.head;
}

TEST_P(HttpRouter, answers_options_of_an_asterisk_with_the_methods_of_all_routes) {
  Answer answer = ask("OPTIONS", "*");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Allow"), "DELETE, GET, HEAD, POST, PROPFIND, PUT");
}

// Where a name leads is up to what the route leaves of the path.
TEST_P(HttpRouter, serves_files_by_the_rest_of_a_path) {
  DiskFolder folder;
  folder.write("a b.txt", "outer");
  std::filesystem::create_directory(folder.path_of("sub"));
  folder.write("sub/index.html", "inner");
  http::StaticFiles files{Directory(folder.path())};
  http::Router router;
  router.get("/files/{path...}", files).get("/{user}/of/{path...}", files).get("/a b.txt", files);
  ServerProcess server(options(), serving_http({}, router));
  HttpClient client(server.address());
  for (const char* target :
       {"/files/a%20b.txt", "/files//sub/../a%20b.txt", "/a%20b.txt", "/you/of/a%20b.txt?x=/sub"})
    EXPECT_EQ(client.ask(get(target)).body, "outer") << target;
  EXPECT_EQ(client.ask(get("/files/sub/")).body, "inner");
  EXPECT_EQ(client.ask(get("/files/sub?x=y")).field("Location"), "./sub/?x=y");
  EXPECT_EQ(client.ask(get("/%66iles//sub")).field("Location"), "./sub/");
  EXPECT_EQ(client.ask(get("/you/of/sub")).field("Location"), "./sub/");
  EXPECT_EQ(client.ask(get("/\\evil/of/sub")).field("Location"), "./sub/");
  for (const char* target : {"/files/", "/files/files/sub/", "/files/none"})
    EXPECT_EQ(client.ask(get(target)).status, 404) << target;
  for (const char* target : {"/files/../sub/", "/files/a%2fb", "/files/%00"})
    EXPECT_EQ(client.ask(get(target)).status, 400) << target;
}

Task<Response> never(Request) { throw std::logic_error("not to be called"); }

// Without the route that fits everything.
TEST_P(HttpRouter, answers_404_where_nothing_fits) {
  http::Router router;
  router.get("/a/{id}/b", never);
  ServerProcess server(options(), serving_http({}, router));
  HttpClient client(server.address());
  for (const char* target :
       {"/", "/a", "/a/", "/a/1", "/a/1/", "/a/1/b/", "/a//b", "/a/1/c", "/A/1/b"})
    EXPECT_EQ(client.ask(get(target)).status, 404) << target;
}

TEST_P(HttpRouter, refuses_what_is_no_pattern) {
  http::Router router;
  router.get("/a/{id}", never);
  for (const char* pattern : {"", "a", "/{", "/}", "/{}", "/a{id}", "/{id}a", "/{...}", "/{a...}/b",
                              "/a?b", "/a#b", "/a/{other}"})
    EXPECT_THROW(router.get(pattern, never), std::invalid_argument) << pattern;
}

}  // namespace
}  // namespace duet::test
