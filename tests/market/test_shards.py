"""Shards: each source falls to exactly one of them, whatever their number."""

import pytest

from market.shards import SLOTS, WHOLE, NoShardError, Shard, shards
from market.sources import PROVIDERS, SOURCES, Feed, source_of


@pytest.mark.parametrize("count", [1, 2, 3, 7, SLOTS])
def test_each_source_falls_to_exactly_one_shard(count: int) -> None:
    for source in SOURCES:
        assert sum(shard.has(source) for shard in shards(count)) == 1


def test_a_provider_is_in_the_same_shard_in_every_feed() -> None:
    for provider in PROVIDERS:
        assert len({Shard(1, 2).has(source_of(provider, feed)) for feed in Feed}) == 1


def test_two_shards_share_the_providers_evenly() -> None:
    held = [source for source in SOURCES if Shard(1, 2).has(source)]
    assert abs(2 * len(held) - len(SOURCES)) <= len(Feed)


def test_shards_of_one_number_never_overlap_and_make_the_whole() -> None:
    one, two, three = shards(3)
    assert not (one.overlaps(two) or two.overlaps(three) or one.overlaps(three))
    assert sorted([*one.slots, *two.slots, *three.slots]) == list(WHOLE.slots) == list(range(SLOTS))


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("1/1", "2/2", True),
        ("1/2", "2/3", True),
        ("1/2", "3/4", True),
        ("1/2", "2/4", False),
    ],
)
def test_shards_of_different_numbers_overlap_where_they_share_a_slot(
    one: str, other: str, *, overlap: bool
) -> None:
    assert Shard.of(one).overlaps(Shard.of(other)) is overlap
    assert Shard.of(other).overlaps(Shard.of(one)) is overlap


def test_the_text_of_a_shard_gives_it_back() -> None:
    assert Shard.of("2/3") == Shard(2, 3)
    assert str(Shard(2, 3)) == "2/3"
    assert (Shard(2, 3).label, WHOLE.label) == ("-2of3", "")


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "1/2/3", "-1/2", "1/61", "a/b"])
def test_what_is_no_shard_is_refused_in_its_own_words(text: str) -> None:
    with pytest.raises(NoShardError, match=f"^not a shard: '{text}'"):
        Shard.of(text)
