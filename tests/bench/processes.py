"""The processes that a benchmark is made of, and what the kernel says of them."""

import os
import signal
import socket
import subprocess
import tempfile
import time

NGINX_CONF = """
daemon off;
{user}
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_max_body_size 64m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000000;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  upstream instant {{
    server 127.0.0.1:{upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  {more}
  server {{
    listen 127.0.0.1:{port} backlog=4096{tls};
    location / {{
      proxy_pass http://instant;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
    # Passed on while they come, as we do it.
    location /v1/uploads {{
      client_max_body_size 0;
      proxy_request_buffering off;
      proxy_pass http://instant;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

# Beside it, the way to the same upstream through TLS.
NGINX_TO_TLS = """
  upstream instant_tls {{
    server 127.0.0.1:{upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass https://instant_tls;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_ssl_name localhost;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate {certificate};
    }}
  }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"error: {process.args[-1]} does not listen on port {port}")


class Server:
    """A process pinned to one core, which serves on `port`."""

    def __init__(self, core, port, command, log, env=None, children=False, wait=True):
        self.port = port
        with open(log, "ab") as stderr:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core)] + [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=env)
        if wait:
            wait_for_port(port, self.process)
        # nginx: the worker does the work.
        self.pid = self._child() if children else self.process.pid

    def _child(self):
        pid = self.process.pid
        for _ in range(200):
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                found = children.read().split()
            if found:
                return int(found[0])
            time.sleep(0.01)
        raise SystemExit("error: nginx has no worker")

    def cpu(self):
        """(user, kernel) seconds used so far. The kernel splits the exact sum by what it saw at its ticks."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        user, kernel = int(fields[11]), int(fields[12])
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat") as schedstat:
                total += int(schedstat.read().split()[0])
        return total / 1e9, user, kernel

    def memory_kb(self):
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Awake:
    """Cores that do not sleep while this lasts: what keeps them awake gives way at once to anything else. To wake a
    virtual core takes the host about as long as a proxy takes for a call, and now and then much longer."""

    def __init__(self, *cores):
        self.cores = cores

    def __enter__(self):
        # They end with this process however it ends.
        command = ["setpriv", "--pdeathsig", "KILL", "chrt", "-i", "0", "sh", "-c", "while :; do :; done"]
        self.loops = [subprocess.Popen(["taskset", "-c", str(core), *command]) for core in self.cores]

    def __exit__(self, *_):
        for loop in self.loops:
            loop.kill()
            loop.wait()


def compiler(build):
    """The compiler of a build, with its version."""
    with open(os.path.join(build, "CMakeCache.txt")) as cache:
        path = next(line.split("=", 1)[1].strip() for line in cache if line.startswith("CMAKE_CXX_COMPILER:"))
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def make_certificate(directory):
    """A certificate for localhost that signs itself: (certificate file, key file)."""
    certificate, key = os.path.join(directory, "tls.crt"), os.path.join(directory, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def start_nginx(core, upstream, directory, more="", tls=""):
    directory = tempfile.mkdtemp(prefix="nginx-", dir=directory)
    port = free_port()
    path = os.path.join(directory, "nginx.conf")
    user = "user root;" if os.geteuid() == 0 else ""
    with open(path, "w") as conf:
        conf.write(NGINX_CONF.format(dir=directory, upstream=upstream, port=port, user=user, more=more, tls=tls))
    nginx = next((p for p in ("/usr/sbin/nginx", "/usr/bin/nginx") if os.path.exists(p)), "nginx")
    command = [nginx, "-p", directory, "-c", path, "-e", os.path.join(directory, "nginx-error.log")]
    return Server(core, port, command, os.path.join(directory, "nginx.log"), children=True)


def start_tls_upstream(core, upstream, directory, certificate, key):
    """TLS in front of the upstream."""
    return start_nginx(core, upstream, directory, tls=f" ssl; ssl_certificate {certificate}; ssl_certificate_key {key}")


def start_portolan(core, binary, directory, threads=1, wait=True, flags=()):
    http, grpc, admin = free_port(), free_port(), free_port()
    command = [binary, "serve", "--threads", threads, "--http", f"127.0.0.1:{http}", "--grpc",
               f"127.0.0.1:{grpc}", "--admin", f"127.0.0.1:{admin}", *flags]
    clean = {name: value for name, value in os.environ.items()
             if not name.upper().endswith(("_API_KEY", "_PROXY")) and not name.startswith("PORTOLAN_")}
    server = Server(core, http, command, os.path.join(directory, "portolan.log"), env=clean, wait=wait)
    server.grpc_port = grpc
    return server


def answer_status(port, raw):
    """The status that a server answers raw bytes with; 0 if it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        reply = connection.recv(65536)
    return int(reply.split()[1]) if reply.startswith(b"HTTP/1.1 ") else 0
