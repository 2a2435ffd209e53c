#!/usr/bin/env python3
"""The lab's cluster DNS: the addresses of Services, as far as tests ask for them: cluster_dns.py ADDRESS API_SERVER CA_FILE TOKEN

SERVICE.NAMESPACE.svc.cluster.local is the Service's address, and of a headless one those of its ready pods
(https://github.com/kubernetes/dns/blob/master/docs/specification.md). No other name exists. The form is that of RFC 1035.
"""

import json
import socketserver
import ssl
import struct
import sys
import time
import urllib.error
import urllib.request

PORT = 53
DOMAIN = ["svc", "cluster", "local"]
TTL_S = 5
# For how long an answer of the API is used again: those who ask in a load are not to load the API.
FRESH_S = 0.5
A, IN = 1, 1
NO_ERROR, FAILED, NO_SUCH_NAME = 0, 2, 3
RESPONSE, AUTHORITATIVE, RECURSION_DESIRED = 0x8000, 0x0400, 0x0100


class Cluster:
    def __init__(self, url, ca, token):
        self.url, self.token, self.tls = url, token, ssl.create_default_context(cafile=ca)
        self.known = {}

    def get(self, path):
        """The object at a path of the API; None if there is none."""
        request = urllib.request.Request(self.url + path, headers={"authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def addresses(self, labels):
        """What a name stands for; None if there is no such name."""
        if len(labels) != 5 or labels[2:] != DOMAIN:
            return None
        name, namespace = labels[:2]
        asked, found = self.known.get((namespace, name), (-FRESH_S, None))
        now = time.monotonic()
        if now - asked >= FRESH_S:
            found = self.look(namespace, name)
            self.known[namespace, name] = now, found
        return found

    def look(self, namespace, name):
        service = self.get(f"/api/v1/namespaces/{namespace}/services/{name}")
        if service is None:
            return None
        if service["spec"]["clusterIP"] != "None":
            return [service["spec"]["clusterIP"]]
        slices = self.get(
            f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector=kubernetes.io/service-name%3D{name}"
        )
        return [
            address
            for one in slices["items"]
            for endpoint in one.get("endpoints") or ()
            if endpoint["conditions"].get("ready", True)
            for address in endpoint["addresses"]
        ]


def read_question(packet):
    """The labels of the name that is asked for, its type, and the question's bytes."""
    labels, at = [], 12
    while size := packet[at]:
        labels.append(packet[at + 1 : at + 1 + size].decode("ascii").lower())
        at += 1 + size
    return labels, struct.unpack_from(">H", packet, at + 1)[0], packet[12 : at + 5]


def answer(packet, cluster):
    labels, kind, question = read_question(packet)
    try:
        found, code = cluster.addresses(labels), NO_ERROR
    except OSError as error:
        print(f"{'.'.join(labels)}: {error}", flush=True)
        found, code = [], FAILED
    if found is None:
        found, code = [], NO_SUCH_NAME
    if kind != A:
        found = []
    identity, flags = struct.unpack_from(">HH", packet)
    head = struct.pack(">HHHHHH", identity, RESPONSE | AUTHORITATIVE | flags & RECURSION_DESIRED | code, 1, len(found), 0, 0)
    # Its name is that of the question, which begins at 12.
    records = [struct.pack(">HHHIH4B", 0xC00C, A, IN, TTL_S, 4, *map(int, address.split("."))) for address in found]
    return head + question + b"".join(records)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        packet, sender = self.request
        sender.sendto(answer(packet, self.server.cluster), self.client_address)


def main(address, url, ca, token):
    with socketserver.ThreadingUDPServer((address, PORT), Handler) as server:
        server.cluster = Cluster(url, ca, token)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
