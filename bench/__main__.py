"""`python -m bench`: the benchmarks that take minutes, one after the other; `python -m bench NAME …`: one of
all, with its options."""

import sys
from importlib import import_module

BENCHMARKS = {
    "kills": ("bench.resilience.kills", "the daemon is killed fifty times in mid-alert; every alert arrives"),
    "real": ("bench.real.main", "real sites, walked through their versions and then defaced"),
    "probes": ("bench.scale.probes", "what a probe costs beside a bare conditional request"),
    "captures": ("bench.scale.captures", "what a capture costs beside bare Playwright on the same pages"),
    "console": ("bench.console.main", "what the pages of the console take, with a province in the store"),
    "scale": ("bench.scale.main", "what it costs to watch hundreds and thousands of portals"),
    "peers": ("bench.peers.main", "other monitors beside defacewatch, over the same portals"),
    "detect": ("bench.detect.main", "what the engine says of ordinary updates and of attacks"),
}

LONG = frozenset(("scale", "peers", "detect"))  # these take an hour or more, and are run by name


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named first, or all but the long ones; 0 when each did what it should."""
    if not arguments:
        return max(run(name, []) for name in BENCHMARKS if name not in LONG)
    name, *options = arguments
    if name in BENCHMARKS:
        return run(name, options)
    asked = name in ("-h", "--help", "list")
    print(
        "python -m bench [NAME [OPTIONS]]; without a name, all without a star. NAME --help has the options.\n"
    )
    for known, (_, what) in BENCHMARKS.items():
        print(f"  {known + '*' * (known in LONG):10} {what}")
    return 0 if asked else 2


def run(name: str, options: list[str]) -> int:
    module, what = BENCHMARKS[name]
    print(f"{name}: {what}", flush=True)
    return int(import_module(module).main(options))


sys.exit(main(sys.argv[1:]))
