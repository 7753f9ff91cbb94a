"""The example programs: every echo is one, and libcurl fetches on duet's loop."""

import os
import re
import resource
import socket
import subprocess
import threading
import unittest

from program import EVERY_MODEL, PATIENCE_SECONDS, Server, ServerCase, example, under
from traffic import exchange, finish, pattern, take_all


@unittest.skipUnless(os.path.exists(example("echo_fiber")), "the examples were not built")
class Echoes(ServerCase):
    def connect_to_example(self, name, *arguments, model):
        return self.connect(self.keep(Server(
            [example(name)], [*arguments, "--listen", "127.0.0.1:0", *model.arguments], 1)))

    @under(*EVERY_MODEL)
    def test_a_fiber_and_callbacks_of_both_kinds_send_back_what_comes(self, model):
        for name, *arguments in [("echo_fiber",), ("echo_callbacks",),
                                 ("echo_callbacks", "--state", "record")]:
            with self.subTest(name, arguments=arguments):
                client = self.connect_to_example(name, *arguments, model=model)
                self.assertEqual(exchange(client, pattern(100_000)), pattern(100_000))
                finish(client)
                self.assertEqual(take_all(client), b"")

    def test_an_unknown_state_is_refused(self):
        said = subprocess.run([example("echo_callbacks"), "--state", "nowhere"], text=True,
                              capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(said.returncode, 2)
        self.assertIn("--state closures|record", said.stderr)


@unittest.skipUnless(os.path.exists(example("selector_echo")), "the examples were not built")
class SelectorEcho(ServerCase):
    def start_echo(self, mechanism, **options):
        process = subprocess.Popen([example("selector_echo"), "0", mechanism],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.errors = process.stderr
        return re.match(r"listening on (\S+) by ", process.stdout.readline())[1]

    def test_every_mechanism_serves(self):
        for mechanism in ("epoll", "poll", "select", "signal", "spin"):
            with self.subTest(mechanism):
                address = self.start_echo(mechanism)
                clients = [self.connect(address) for _ in range(10)]
                for client in clients:
                    self.assertEqual(exchange(client, pattern(100_000)), pattern(100_000))

    def test_select_refuses_what_it_cannot_wait_for_and_serves_on(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit[1] != resource.RLIM_INFINITY and limit[1] < 4096:
            self.skipTest("more than 1024 descriptors are not allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        address = self.start_echo("select")
        clients = [self.connect(address) for _ in range(1024)]
        self.assertIn("FD_SETSIZE", self.errors.readline())
        self.assertEqual(take_all(clients[-1]), b"")
        self.assertEqual(exchange(clients[0], b"still here"), b"still here")


@unittest.skipUnless(os.path.exists(example("curl_fetch")), "libcurl was not there")
class CurlFetch(ServerCase):
    def output_of(self, *urls, model):
        return subprocess.run([example("curl_fetch"), *model.arguments, *urls], check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE_SECONDS).stdout.splitlines()

    @under(*EVERY_MODEL)
    def test_fetches_many_at_once_and_tells_what_failed(self, model):
        folder = self.folder()
        with open(f"{folder}/page", "wb") as file:
            file.write(pattern(100_000))
        page = f"{self.start('serve', folder).url}/page"
        nobody = self.listen()
        refused = "http://127.0.0.1:%d/" % nobody.getsockname()[1]
        nobody.close()
        told = self.output_of(*[page] * 50, refused, model=model)
        self.assertEqual(sorted(set(told)), sorted({
            f"{page}: 100000 bytes, No error", f"{refused}: 0 bytes, Couldn't connect to server"}))
        self.assertEqual(len(told), 51)

    @under(*EVERY_MODEL)
    def test_a_server_that_answers_byte_by_byte_is_waited_for(self, model):
        listener = self.listen()
        threading.Thread(target=self.answer_slowly, args=(listener,), daemon=True).start()
        url = "http://127.0.0.1:%d/" % listener.getsockname()[1]
        self.assertEqual(self.output_of(url, model=model), [f"{url}: 3 bytes, No error"])

    @staticmethod
    def answer_slowly(listener):
        client = listener.accept()[0]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.recv(4096)
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc":
            client.sendall(bytes([byte]))
        client.close()


if __name__ == "__main__":
    unittest.main()
