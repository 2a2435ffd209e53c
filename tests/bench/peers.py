"""Other gateways, measured beside Portolan where they are installed."""

import os
import shutil
import subprocess

import processes

KNOWN = ("portkey", "litellm")
ROWS = ("unary",)
SECONDS_TO_START = 60


def portkey_command(port, upstream, directory):
    """npm install -g @portkey-ai/gateway"""
    npm = shutil.which("npm")
    if npm is None:
        return None
    root = subprocess.run([npm, "root", "-g"], capture_output=True, text=True).stdout.strip()
    script = os.path.join(root, "@portkey-ai/gateway/build/start-server.js")
    return ["node", script, f"--port={port}", "--headless"] if os.path.exists(script) else None


def litellm_command(port, upstream, directory):
    """pip install 'litellm[proxy]'"""
    litellm = shutil.which("litellm")
    if litellm is None:
        return None
    config = os.path.join(directory, "litellm.yaml")
    with open(config, "w") as file:
        file.write("model_list:\n  - model_name: gpt-4.1\n    litellm_params:\n      model: openai/gpt-4.1\n"
                   f"      api_base: http://127.0.0.1:{upstream}/v1\n      api_key: sk-bench\n")
    return [litellm, "--config", config, "--host", "127.0.0.1", "--port", str(port)]


COMMANDS = {"portkey": portkey_command, "litellm": litellm_command}


def start(names, core, upstream, directory):
    """{name: (server, port)} of those asked for."""
    running = {}
    for name in names:
        port = processes.free_port()
        command = COMMANDS[name](port, upstream, directory)
        if command is None:
            raise SystemExit(f"error: {name} is not installed: {COMMANDS[name].__doc__}")
        server = processes.Server(core, port, command, os.path.join(directory, name + ".log"), wait=False)
        processes.wait_for_port(port, server.process, SECONDS_TO_START)
        running[name] = (server, port)
    return running


def headers(ours):
    """Portolan's headers as Portkey spells them."""
    return [header.replace("x-portolan-", "x-portkey-") for header in ours if header.startswith("x-portolan-")]
