#pragma once
// An HTTP/1.1 client: keeps connections for the next request, streams bodies both ways.
//
//   http::Client client;
//   http::ClientResponse answer = co_await client.get("http://127.0.0.1:8080/");
//   std::string text = co_await answer.text();
//
// It belongs to one loop. Its requests may run side by side; each has a connection of its own.
// Names of hosts are looked up for each new connection. No redirects are followed.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duet/http/body_reader.hpp"
#include "duet/http/field_lines.hpp"
#include "duet/http/outgoing_body.hpp"
#include "duet/http/response_parser.hpp"

namespace duet::http {

struct ClientOptions {
  Limits head;                                    // of a response
  Delay connect_time = std::chrono::seconds(10);  // then TimedOut
  Delay head_time = std::chrono::seconds(30);     // from the request's end to the whole head
  Delay body_time = std::chrono::seconds(30);     // for the next bytes of the body
  Delay send_time = std::chrono::seconds(30);     // for the server to take a buffer's worth
  Delay idle_time = std::chrono::seconds(30);     // a kept connection older than that is closed
  std::size_t kept_per_host_max = 8;
};

class ClientRequest {
 public:
  // `url` is "http://HOST[:PORT]/path?query". Throws std::invalid_argument.
  ClientRequest(std::string method, std::string_view url);

  // As Response::field, but that Host, which comes from the URL, is refused, and Date is not.
  ClientRequest& field(std::string_view name, std::string_view value) &;
  ClientRequest&& field(std::string_view name, std::string_view value) && {
    return std::move(field(name, value));
  }

  ClientRequest&& body(std::string_view content_type, OutgoingBody body) &&;

 private:
  friend class Client;

  std::string method_;
  std::string host_;    // "127.0.0.1:8080"
  std::string target_;  // "/path?query"
  FieldLines fields_;
  OutgoingBody body_;
  bool has_body_ = false;
};

class ClientResponse {
 public:
  ClientResponse(ClientResponse&&) noexcept;
  ClientResponse& operator=(ClientResponse&&) noexcept;

  // Gives the connection back if the body was read to its end, else closes it.
  ~ClientResponse();

  int status() const noexcept { return head().status(); }
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    return head().field(name);
  }
  const ReceivedHead& head() const noexcept;

  // Good as long as this.
  BodyReader& body() noexcept;

  // The whole body. Throws http::Error(413) when it is larger than `bytes_max`.
  Task<std::string> text(std::size_t bytes_max = 1024 * 1024) { return body().read_all(bytes_max); }

 private:
  friend class Client;
  struct Connection;
  struct Kept;

  ClientResponse(std::unique_ptr<Connection> connection, std::shared_ptr<Kept> kept) noexcept;

  std::unique_ptr<Connection> connection_;
  std::shared_ptr<Kept> kept_;
};

class Client {
 public:
  explicit Client(const ClientOptions& options = {});
  ~Client();

  // Completes when the request has been sent whole and the head of the answer has come, whatever
  // its status; only then the answer's body is read. An answer that comes before that, such as 413,
  // is lost if the server resets the connection meanwhile. Throws IoError and TimedOut, and
  // http::Error(502) for an answer that breaks the rules. A request that met a kept connection
  // which the server had closed meanwhile is sent once more on a new one, if its method is
  // idempotent and its body no stream.
  Task<ClientResponse> send(ClientRequest request);
  Task<ClientResponse> get(std::string_view url) { return send(ClientRequest("GET", url)); }

 private:
  using Connection = ClientResponse::Connection;
  using Kept = ClientResponse::Kept;

  Task<std::unique_ptr<Connection>> connect(std::string host);
  Task<> write(Connection& connection, ClientRequest& request);
  Task<> read_head(Connection& connection, Method method);
  Task<> exchange(Connection& connection, ClientRequest& request);

  std::shared_ptr<Kept> kept_;
};

}  // namespace duet::http
