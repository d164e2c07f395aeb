import pytest

from defacewatch.compare import datafiles
from defacewatch.compare.weights import weights
from defacewatch.signals import KINDS, Kind, Role
from defacewatch.verdicts import CHANGED_AT, DEFACED_AT, SALIENT_AT

WEIGHED = [kind for kind in Kind if KINDS[kind].role not in (Role.OUTAGE, Role.NOTE)]


def test_every_kind_that_adds_points_has_its_weights_and_no_other() -> None:
    assert set(weights().most) | set(weights().points) | set(weights().curves) == (
        set(WEIGHED) | set(weights().points)
    )
    assert set(weights().points) | set(weights().curves) >= set(WEIGHED)
    assert all(KINDS[kind].role not in (Role.OUTAGE, Role.NOTE) for kind in weights().points)


@pytest.mark.parametrize("kind", sorted(weights().curves))
def test_curves_rise_and_stay_within_their_bound(kind: Kind) -> None:
    corners = weights().curves[kind]
    assert list(corners) == sorted(corners)
    assert corners[-1][1] <= weights().most[kind]
    assert weights().on_curve(kind, 1.0) == corners[-1][1]
    assert weights().on_curve(kind, 0.0) == 0


def test_one_difference_is_never_a_defacement_but_a_replacement_is() -> None:
    assert weights().on_curve(Kind.IDENTITY_LOST, 1.0) >= DEFACED_AT
    assert all(weights().most[kind] < DEFACED_AT for kind in (Kind.DIALOG, Kind.WORDING, Kind.MAKE_UP))


def test_text_and_structure_together_are_a_change_and_noise_is_never_salient() -> None:
    most = weights().most
    assert most[Kind.TEXT] + most[Kind.STRUCTURE] >= CHANGED_AT > most[Kind.STRUCTURE]
    assert all(most[kind] < SALIENT_AT for kind in (Kind.LINK_HOSTS, Kind.RESOURCE_HOST, Kind.INLINE_SCRIPT))


@pytest.mark.parametrize("name", ["weights.yaml", "phrases.yaml", "hosts.yaml"])
def test_the_data_files_are_in_the_package(name: str) -> None:
    assert isinstance(datafiles.load(name), dict)
