#!/usr/bin/env python3
"""How much of each parser the committed corpus of its fuzzer reaches: lines, which must be at least 85 in a hundred.

What is reached is known to work on more than the input of a unit test, and is where the fuzzer goes on from.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

LEAST = 85.0
# What each fuzzer is for.
PARSERS = {
    "answer_fuzz": ["server/core/hub_scan.cc", "server/core/relay_stream.cc", "server/core/event_stream.cc", "server/core/error_body.cc", "providers/classify.cc"],
    "anthropic_fuzz": ["providers/dialects/anthropic/response.cc", "providers/dialects/anthropic/stream.cc", "providers/dialects/anthropic/usage.cc"],
    "aws_event_fuzz": ["server/http/aws_event_stream.cc"],
    "bedrock_fuzz": ["providers/dialects/bedrock/response.cc", "providers/dialects/bedrock/citations.cc", "providers/dialects/bedrock/stream.cc", "providers/dialects/bedrock/usage.cc", "providers/dialects/bedrock/errors.cc"],
    "chunked_fuzz": ["server/http/chunked.cc"],
    "codec_fuzz": ["server/codec/json_reader.cc", "server/codec/decode.cc", "server/codec/decode_object.cc",
                   "server/codec/decode_error.cc", "server/codec/encode.cc",
                   "server/codec/number.cc", "server/codec/wire_edit.cc", "server/codec/check.cc"],
    "cohere_fuzz": ["providers/dialects/cohere/response.cc", "providers/dialects/cohere/citations.cc", "providers/dialects/cohere/stream.cc", "providers/dialects/cohere/usage.cc", "providers/dialects/cohere/errors.cc"],
    "condition_fuzz": ["server/routing/condition.cc"],
    "config_file_fuzz": ["server/config_file/yaml_node.cc", "server/config_file/yaml_parse.cc",
                         "server/config_file/yaml_scalar.cc", "server/config_file/json_parse.cc",
                         "server/config_file/tree_builder.cc", "server/config_file/structure.cc",
                         "server/config_file/rules.cc", "server/config_file/route_rules.cc"],
    "google_fuzz": ["providers/dialects/google/response.cc", "providers/dialects/google/candidate.cc", "providers/dialects/google/parts.cc", "providers/dialects/google/stream.cc", "providers/dialects/google/usage.cc", "providers/dialects/google/errors.cc"],
    "http_head_fuzz": ["server/http/request_head.cc", "server/http/response_head.cc", "server/http/head_fields.cc"],
    "huggingface_fuzz": ["providers/dialects/huggingface/embedding.cc", "providers/dialects/huggingface/huggingface.cc"],
    "messages_fuzz": ["providers/dialects/anthropic/caller_content.cc", "providers/dialects/anthropic/caller_answer.cc", "providers/dialects/anthropic/caller_stream.cc"],
    "ndjson_fuzz": ["server/http/ndjson.cc"],
    "palm_fuzz": ["providers/dialects/palm/chat.cc", "providers/dialects/palm/completion.cc", "providers/dialects/palm/embedding.cc", "providers/dialects/palm/parameters.h"],
    "rerankers_fuzz": ["providers/dialects/rerankers/enveloped.cc", "providers/dialects/rerankers/list.cc", "providers/dialects/rerankers/ranking.cc", "providers/dialects/rerankers/scores.cc", "providers/dialects/rerankers/rerankers.cc", "providers/dialects/common/rerank.cc"],
    "route_fuzz": ["server/routing/plan.cc", "server/routing/engine.cc", "server/routing/plan_cache.cc"],
    "sse_fuzz": ["server/http/sse.cc"],
    "transcode_fuzz": ["server/transcode/router.cc", "server/transcode/bind.cc", "server/transcode/path_index.cc",
                       "server/transcode/percent.cc", "server/transcode/scalar.cc"],
    "verdict_fuzz": ["server/middleware/grpc/verdicts.cc"],
    "watsonx_fuzz": ["providers/dialects/watsonx/chat.cc", "providers/dialects/watsonx/embedding.cc", "providers/dialects/watsonx/models.cc", "providers/dialects/watsonx/rerank.cc", "providers/dialects/watsonx/watsonx.cc"],
    "url_fuzz": ["server/upstream/url.cc", "server/base/host.cc", "server/base/ip.cc"],
}


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"error: {command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def coverage(fuzzer, corpus, sources, directory):
    """[(source, lines reached in a hundred)]"""
    raw, merged = os.path.join(directory, "raw"), os.path.join(directory, "merged")
    run(fuzzer, "-runs=0", corpus, env={**os.environ, "LLVM_PROFILE_FILE": raw}, cwd=directory)
    run("llvm-profdata-19", "merge", "-o", merged, raw)
    exported = json.loads(run("llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", fuzzer))
    found = {entry["filename"]: entry["summary"]["lines"] for entry in exported["data"][0]["files"]}
    result = []
    for source in sources:
        lines = next((lines for name, lines in found.items() if name.endswith("/" + source)), None)
        if lines is None:
            raise SystemExit(f"error: {source} is not in {fuzzer}")
        result.append((source, lines["percent"]))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/asan")
    options = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    build = os.path.abspath(options.build)
    low = []
    for name, sources in PARSERS.items():
        with tempfile.TemporaryDirectory(prefix="fuzz-coverage-") as directory:
            reached = coverage(os.path.join(build, "tests/fuzz", name), os.path.join(here, "corpus", name), sources,
                               directory)
        for source, percent in reached:
            print(f"{name}: {source}: {percent:.1f} % of lines")
            if percent < LEAST:
                low.append(f"{source}: the corpus of {name} reaches {percent:.1f} % of its lines, at least {LEAST:g} are due")
    for line in low:
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
