"""Reads Prometheus text on stdin with the reference parser and prints JSON:
{"name{label=value,...}": number}, types by name under "types"."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

samples, types = {}, {}
for family in text_string_to_metric_families(sys.stdin.read()):
    types[family.name] = family.type
    if not family.documentation:
        sys.exit("no help: " + family.name)
    for s in family.samples:
        labels = ",".join(
            f"{k}={v}" for k, v in sorted(s.labels.items()) if k != "store")
        key = s.name + ("{" + labels + "}" if labels else "")
        if key in samples:
            sys.exit("twice: " + key)
        samples[key] = s.value
json.dump({"samples": samples, "types": types}, sys.stdout)
