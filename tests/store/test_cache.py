"""A cache that stays within its limit and never gives what is of another stamp."""

from concurrent.futures import ThreadPoolExecutor

from defacewatch.store.cache import Cache


def test_a_value_is_found_as_of_its_stamp_and_no_other() -> None:
    cache: Cache[str] = Cache(100)
    cache.put("page", 1, "old", 10)
    assert (cache.get("page", 1), cache.get("page", 2), cache.get("other", 1)) == ("old", None, None)
    cache.put("page", 2, "new", 20)
    assert (cache.get("page", 1), cache.get("page", 2)) == (None, "new")
    assert (len(cache), cache.size) == (1, 20)


def test_a_full_cache_stays_full_and_within_its_limit() -> None:
    cache: Cache[int] = Cache(1000)
    for number in range(100):
        cache.put(str(number), 0, number, 20)
    assert (len(cache), cache.size) == (50, 1000)


def test_pages_that_come_round_one_after_the_other_are_found_as_often_as_there_is_room() -> None:
    cache: Cache[int] = Cache(300)
    rounds, found = 20, 0
    for _ in range(rounds):
        for page in range(600):
            if cache.get(str(page), 0) is None:
                cache.put(str(page), 0, page, 1)
            else:
                found += 1
    assert found > 0.4 * rounds * 600


def test_pages_that_are_new_to_a_full_cache_come_in_by_and_by() -> None:
    cache: Cache[int] = Cache(100)
    for page in range(100):
        cache.put(f"old {page}", 0, page, 1)
    for _ in range(50):
        for page in range(50):
            if cache.get(f"new {page}", 0) is None:
                cache.put(f"new {page}", 0, page, 1)
    assert sum(cache.get(f"new {page}", 0) is not None for page in range(50)) > 35


def test_what_is_larger_than_the_cache_is_not_kept_nor_is_what_it_replaces() -> None:
    cache: Cache[int] = Cache(100)
    cache.put("page", 1, 1, 10)
    cache.put("page", 2, 2, 101)
    assert (cache.get("page", 1), cache.get("page", 2), len(cache), cache.size) == (None, None, 0, 0)


def test_threads_that_share_it_leave_it_whole() -> None:
    cache: Cache[int] = Cache(500)

    def use(thread: int) -> None:
        for number in range(3000):
            name = str((number * 7 + thread) % 200)
            if (known := cache.get(name, 0)) is not None:
                assert known == int(name)
            cache.put(name, 0, int(name), 1 + int(name) % 9)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    assert cache.size <= 500
    kept = [name for name in map(str, range(200)) if cache.get(name, 0) is not None]
    assert (len(kept), sum(1 + int(name) % 9 for name in kept)) == (len(cache), cache.size)
