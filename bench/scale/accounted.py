"""`python -m bench.scale.accounted WORDS…`: the `defacewatch` command, its CPU time told apart by tier.

Its /metrics page then has `bench_tier_cpu_seconds_total{tier,where}` and `bench_tier_begun_total{tier}`.
Counting takes some microseconds a step of the event loop: not for a run whose cost is told.
"""


def main() -> None:
    # here, since a worker process imports this module too
    from bench.scale.accounting import TIER, told_apart  # noqa: PLC0415
    from bench.scale.tiers import Tier  # noqa: PLC0415
    from defacewatch.__main__ import main as command  # noqa: PLC0415

    with told_apart() as accounts:
        accounts.show()
        TIER.set(Tier.REST)
        command()


if __name__ == "__main__":
    main()
