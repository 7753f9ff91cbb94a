"""Web servers of the distribution, as somebody would configure them for this load: one worker, no
logs, connections that stay open, and files as each sends them by default.

A peer's configuration is made for the folder to serve and for the port that it is started on. All
that it writes goes below the configuration's folder.
"""

import os
import shutil

from lib import server

NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  default_type application/octet-stream;
  client_body_temp_path {folder}/nginx.body;
  proxy_temp_path {folder}/nginx.proxy;
  fastcgi_temp_path {folder}/nginx.fastcgi;
  uwsgi_temp_path {folder}/nginx.uwsgi;
  scgi_temp_path {folder}/nginx.scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {site};
    location = / {{ default_type text/plain; return 200 "{hello}"; }}
  }}
}}
"""

H2O = """
{user}
num-threads: 1
max-connections: 16384
error-log: /dev/stderr
listen:
  host: 127.0.0.1
  port: {port}
hosts:
  default:
    paths:
      /:
        file.dir: {site}
"""

LIGHTTPD = """
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{site}"
server.max-fds = 16384
server.max-connections = 8192
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 60
server.listen-backlog = 4096
index-file.names = ( "index.html" )
"""

# Name: configuration, the line that leaves it to root to stay root (its folders are private), and
# the command in front of the configuration's path.
PEERS = {
    "nginx": (NGINX, "user root;", ["-e", "stderr", "-c"]),
    "h2o": (H2O, "user: root", ["-c"]),
    "lighttpd": (LIGHTTPD, "", ["-D", "-f"]),
}

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"  # where distributions put them


def find(folder, site, hello):
    """Returns the servers that are here, and for each that is not, a line that says so by its name.
    They serve the files of a site, nginx the text of its `/` from its configuration."""
    servers, missing = [], {}
    for name, (template, stay_root, options) in PEERS.items():
        program = shutil.which(name, path=os.environ.get("PATH", "") + ":" + SYSTEM_PATH)
        if not program:
            missing[name] = f"{name} is not here; in Debian: apt-get install {name}"
            continue
        values = {"folder": folder, "site": site, "hello": hello,
                  "user": stay_root if os.geteuid() == 0 else ""}
        command = configured([program, *options], folder / f"{name}.conf", template, values)
        servers.append(server.Server(name, command))
    return servers, missing


def configured(command, path, template, values):
    """A function of a port that writes the configuration and returns the command to start."""

    def for_port(port):
        path.write_text(template.format(port=port, **values), encoding="utf-8")
        return [*command, str(path)]

    return for_port
