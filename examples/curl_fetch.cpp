// A library that does its own I/O, on duet's loop: libcurl's multi interface fetches several pages
// at once. It says which sockets it waits for, and until when; a Selector keeps the sockets, we
// wait for all of them by its descriptor, and tell libcurl.

#include <curl/curl.h>

#include <cstdio>
#include <duet/duet.hpp>
#include <duet/io/selector.hpp>

using namespace duet;

struct Fetcher {
  CURLM* multi = curl_multi_init();
  Selector<> sockets = Selector<>();
  TimePoint due = Clock::now();  // when libcurl wants to be called though no socket is ready
  int running = 0;

  void act(curl_socket_t socket, int ready) {
    curl_multi_socket_action(multi, socket, ready, &running);
  }
};

int on_socket(CURL*, curl_socket_t socket, int what, void* user, void*) {
  Selector<>& sockets = static_cast<Fetcher*>(user)->sockets;
  if (sockets.find(socket) != nullptr) sockets.remove(socket);
  Events events{.readable = (what & CURL_POLL_IN) != 0, .writable = (what & CURL_POLL_OUT) != 0};
  if (what != CURL_POLL_REMOVE && events.any()) sockets.add(socket, events);
  return 0;
}

int on_timer(CURLM*, long milliseconds, void* user) {
  static_cast<Fetcher*>(user)->due =
      milliseconds < 0 ? never : after(Clock::now(), std::chrono::milliseconds(milliseconds));
  return 0;
}

std::size_t drop(char*, std::size_t, std::size_t bytes, void*) { return bytes; }

Task<> fetch(std::vector<std::string> urls) {
  Fetcher fetcher;
  curl_multi_setopt(fetcher.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(fetcher.multi, CURLMOPT_SOCKETDATA, &fetcher);
  curl_multi_setopt(fetcher.multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(fetcher.multi, CURLMOPT_TIMERDATA, &fetcher);
  for (const std::string& url : urls) {
    CURL* page = curl_easy_init();
    curl_easy_setopt(page, CURLOPT_URL, url.c_str());
    curl_easy_setopt(page, CURLOPT_WRITEFUNCTION, drop);
    curl_multi_add_handle(fetcher.multi, page);
  }
  do {
    Duration rest = fetcher.due - Clock::now();
    co_await as_expected(wait_readable(fetcher.sockets.fd()).within(rest));
    if (Clock::now() >= fetcher.due) {
      fetcher.due = never;  // it is called once for each time that libcurl says
      fetcher.act(CURL_SOCKET_TIMEOUT, 0);
    }
    for (auto [key, events] : fetcher.sockets.wait(Duration::zero()))
      fetcher.act(key.fd, (events.readable ? CURL_CSELECT_IN : 0) |
                              (events.writable ? CURL_CSELECT_OUT : 0) |
                              (events.exceptional ? CURL_CSELECT_ERR : 0));
  } while (fetcher.running > 0);
  for (int left = 0; CURLMsg* done = curl_multi_info_read(fetcher.multi, &left);) {
    CURL* page = done->easy_handle;
    const char* url = nullptr;
    curl_off_t bytes = 0;
    curl_easy_getinfo(page, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(page, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    std::printf("%s: %ld bytes, %s\n", url, static_cast<long>(bytes),
                curl_easy_strerror(done->data.result));
    curl_multi_remove_handle(fetcher.multi, page);
    curl_easy_cleanup(page);
  }
  curl_multi_cleanup(fetcher.multi);
}

int main(int argc, char** argv) {
  std::vector<std::string> urls;
  Options options = Options::parse(argc, argv, urls);
  run_task(options, fetch(std::move(urls)));
}
