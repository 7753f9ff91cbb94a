#include "duet/http/client.hpp"

#include <algorithm>
#include <stdexcept>

#include "duet/http/error.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/within.hpp"
#include "duet/net/resolver.hpp"
#include "duet/net/writer.hpp"
#include "http/field_syntax.hpp"
#include "http/input.hpp"
#include "http/request_line.hpp"

namespace duet::http {
namespace {

// Of `1xx` before an answer; a server that sends more is broken or hostile.
constexpr int interim_max = 16;

bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

// RFC 9110 §8.6: without a length their body would be a missing one, not an empty one.
bool wants_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

std::string with_port(std::string_view host) {
  bool is_bare_ip6 = host.ends_with(']');
  bool has_port = !is_bare_ip6 && host.rfind(':') != host.npos;
  return std::string(host) + (has_port ? "" : ":80");
}

}  // namespace

ClientRequest::ClientRequest(std::string method, std::string_view url)
    : method_(std::move(method)) {
  constexpr std::string_view scheme = "http://";
  std::invalid_argument refusal("'" + std::string(url) + "' is no address for a request; write " +
                                "http://HOST[:PORT]/PATH");
  if (!is_field_name(method_)) throw std::invalid_argument("'" + method_ + "' is no method");
  if (!url.starts_with(scheme)) throw refusal;
  url.remove_prefix(scheme.size());
  std::size_t end = std::min(url.find_first_of("/?"), url.size());
  host_ = with_port(url.substr(0, end));
  target_ = url.substr(end);
  if (!target_.starts_with('/')) target_.insert(0, "/");
  if (!std::ranges::all_of(target_, is_target) || !is_endpoint(host_)) throw refusal;
  fields_.add("Host", url.substr(0, end));
}

ClientRequest& ClientRequest::field(std::string_view name, std::string_view value) & {
  refuse_framing(name);
  refuse_fields(name, {"Host"});  // two of them are an error to every server
  fields_.put(name, value);
  return *this;
}

ClientRequest&& ClientRequest::body(std::string_view content_type, OutgoingBody body) && {
  fields_.put("Content-Type", content_type);
  body_ = std::move(body);
  has_body_ = true;
  return std::move(*this);
}

// A connection to one server, with what the answer that is under way needs.
struct ClientResponse::Connection {
  Connection(Stream to, std::string at, const ClientOptions& options)
      : stream(std::move(to)),
        host(std::move(at)),
        input(stream.loop().buffers(), options.head.head_bytes_max),
        writer(stream, Writer::default_bytes, options.send_time),
        parser(Method::get, options.head) {
    stream.expect_more(true);
  }

  bool can_be_kept() const noexcept {
    return is_request_sent && body && body->is_at_end() && parser.head().keep_alive();
  }

  Stream stream;
  const std::string host;
  Input input;
  Writer writer;
  ResponseParser parser;
  std::optional<BodyReader> body;
  bool is_request_sent = false;
  TimePoint kept_since{};
};

// The connections that wait for the next request. Responses share it with the client.
struct ClientResponse::Kept {
  explicit Kept(const ClientOptions& of) : options(of) {}

  std::unique_ptr<Connection> take(const std::string& host) {
    std::vector<std::unique_ptr<Connection>>& idle = hosts[host];
    while (!idle.empty()) {
      std::unique_ptr<Connection> last = std::move(idle.back());
      idle.pop_back();
      if (Loop::current().now() - last->kept_since < Duration(options.idle_time)) return last;
    }
    return nullptr;
  }

  void give_back(std::unique_ptr<Connection> connection) {
    std::vector<std::unique_ptr<Connection>>& idle = hosts[connection->host];
    if (is_closed || idle.size() >= options.kept_per_host_max) return;
    connection->kept_since = Loop::current().now();
    connection->input.drop_head();
    connection->input.rest();
    connection->writer.rest();
    connection->body.reset();
    if (!connection->input.text().empty()) return;  // an answer to nothing: nobody's to read
    idle.push_back(std::move(connection));
  }

  const ClientOptions options;
  bool is_closed = false;
  std::map<std::string, std::vector<std::unique_ptr<Connection>>> hosts;
};

ClientResponse::ClientResponse(std::unique_ptr<Connection> connection,
                               std::shared_ptr<Kept> kept) noexcept
    : connection_(std::move(connection)), kept_(std::move(kept)) {}
ClientResponse::ClientResponse(ClientResponse&&) noexcept = default;
ClientResponse& ClientResponse::operator=(ClientResponse&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(kept_, other.kept_);
  return *this;
}

ClientResponse::~ClientResponse() {
  if (connection_ && connection_->can_be_kept()) kept_->give_back(std::move(connection_));
}

const ReceivedHead& ClientResponse::head() const noexcept { return connection_->parser.head(); }
BodyReader& ClientResponse::body() noexcept { return *connection_->body; }

Client::Client(const ClientOptions& options) : kept_(std::make_shared<Kept>(options)) {}

Client::~Client() {
  kept_->is_closed = true;
  kept_->hosts.clear();
}

Task<ClientResponse> Client::send(ClientRequest request) {
  bool can_be_sent_again = is_idempotent(request.method_) && !request.body_.has_stream();
  std::unique_ptr<Connection> connection = kept_->take(request.host_);
  if (connection && can_be_sent_again) {
    Task<> exchanging = exchange(*connection, request);
    auto exchanged = co_await as_expected(std::move(exchanging));
    if (exchanged) co_return ClientResponse(std::move(connection), kept_);
    bool has_answered = connection->parser.has_begun();
    bool is_stale = !has_answered && exchanged.error() != Errc::timed_out;
    if (!is_stale) throw IoError(exchanged.error(), "ask", [host = request.host_] { return host; });
    connection.reset();
  }
  if (connection) {  // whoever cannot ask twice looks first whether anybody is still there
    auto end = co_await as_expected(
        connection->stream.read_some(connection->input.room()).within(Duration(0)));
    bool is_open = !end && end.error() == Errc::timed_out;
    if (!is_open) connection.reset();
  }
  if (!connection) {
    Task<std::unique_ptr<Connection>> connecting = connect(request.host_);
    std::unique_ptr<Connection> connected = co_await std::move(connecting);
    connection = std::move(connected);
  }
  Task<> exchanging = exchange(*connection, request);
  co_await std::move(exchanging);
  co_return ClientResponse(std::move(connection), kept_);
}

Task<std::unique_ptr<ClientResponse::Connection>> Client::connect(std::string host) {
  Task<Stream> connecting = duet::connect(host);
  Task<Stream> in_time = within(kept_->options.connect_time, std::move(connecting));
  Stream stream = co_await std::move(in_time);
  co_return std::make_unique<Connection>(std::move(stream), std::move(host), kept_->options);
}

// A server may answer before it has taken the whole request, and close: then the answer counts.
Task<> Client::exchange(Connection& connection, ClientRequest& request) {
  connection.is_request_sent = false;
  Task<> writing = write(connection, request);
  auto written = co_await as_expected(std::move(writing));
  connection.is_request_sent = written.has_value();
  Task<> reading = read_head(connection, method_of(request.method_));
  auto read = co_await as_expected(std::move(reading));
  if (!read)
    throw IoError(written ? read.error() : written.error(), "ask",
                  [host = request.host_] { return host; });
}

Task<> Client::write(Connection& connection, ClientRequest& request) {
  Writer& writer = connection.writer;
  std::optional<std::uint64_t> length = request.body_.length();
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\n{}", request.method_, request.target_, request.fields_.text());
  if (request.has_body_)
    head +=
        length ? fmt::format("Content-Length: {}\r\n", *length) : "Transfer-Encoding: chunked\r\n";
  else if (wants_body(request.method_))
    head += "Content-Length: 0\r\n";
  head += "\r\n";
  co_await writer.write(bytes_of(head));
  if (request.has_body_) {
    Framing framing = length ? Framing::length : Framing::chunked;
    std::uint64_t sent = 0;
    Task<> sending = request.body_.send(writer, framing, sent);
    co_await std::move(sending);
  }
  co_await writer.flush();
}

Task<> Client::read_head(Connection& connection, Method method) {
  Input& input = connection.input;
  ResponseParser& parser = connection.parser;
  parser.reset(method);
  Loop& loop = Loop::current();
  TimePoint deadline = after(loop.now(), kept_->options.head_time);
  for (int interim = 0;;) {
    ParseResult parsed = parser.parse(input.text());
    if (parsed.state == ParseResult::State::rejected)
      throw Error(parsed.rejection.status, std::string(parsed.rejection.reason));
    if (parsed.state == ParseResult::State::incomplete) {
      std::size_t n =
          co_await connection.stream.read_some(input.room()).within(deadline - loop.now());
      if (n == 0) throw IoError(Errc::end_of_stream, "receive an answer");
      input.commit(n);
      continue;
    }
    const ReceivedHead& head = parser.head();
    input.hold(parsed.consumed, head.framing() != Framing::none);
    parser.parse(input.text());  // the head may have moved
    if (!head.is_interim()) break;
    if (++interim > interim_max) throw Error(502, "too many interim responses");
    input.drop_head();
    parser.reset(method);
  }
  connection.body.emplace(connection.stream, input, connection.writer,
                          BodyLimits{.patience = kept_->options.body_time});
  connection.body->expect(parser.head().framing(), parser.head().content_length());
}

}  // namespace duet::http
