"""The dossier of a post, and the proof that a record is in the ledger"""

import msgspec
import pytest
from builders import BRIDGE, HARBOUR, NOON, alert, deletion, match, revision, verdict
from pymerkle import InmemoryTree
from pymerkle import verify_inclusion as pymerkle_accepts
from whole import all_sealed

from monitor.errors import LedgerBroken, Refused
from monitor.ledger import tree
from monitor.model.instant import MINUTE
from monitor.model.record import Kind, Reviewed
from monitor.ports import Store
from monitor.views.dossier import dossier, proof


async def happened(store: Store) -> None:
    """Record 1 is a post that was flagged, 2 its edit, 3 its deletion; beside it there is another."""
    drafts = [revision("The bridge fell."), revision("It stands.", edited_at=NOON + MINUTE), deletion()]
    await store.ledger.append([*drafts, revision("Another.", number=2)])
    await store.findings.file([match(1), match(4)], [alert(record=1)], since=0, upto=5)


@pytest.mark.parametrize("name", ["bridge_news", "Bridge_News", str(BRIDGE.id)])
async def test_has_all_that_is_known_of_the_post_and_nothing_of_others(store: Store, name: str) -> None:
    await happened(store)

    found = await dossier(store, name, 1)

    assert (found.channel, found.post) == (BRIDGE, 1)
    assert [record.kind for record in found.records] == [Kind.PUBLISHED, Kind.EDITED, Kind.DELETED]
    assert list(found.matches) == [match(1)]
    assert list(found.alerts) == [alert(record=1)]
    assert list(found.reviews) == []


async def test_has_what_reviewers_said_oldest_first(store: Store) -> None:
    await happened(store)
    await store.ledger.append([verdict("unverified"), verdict("false", number=2), verdict("corroborated", by="ivan")])

    found = await dossier(store, "bridge_news", 1)

    said = [record.content for record in found.reviews]
    assert [(each.verdict, each.by) for each in said if isinstance(each, Reviewed)] == [
        ("unverified", "olena"),
        ("corroborated", "ivan"),
    ]
    assert Kind.REVIEW not in [record.kind for record in found.records]


@pytest.mark.parametrize(
    ("name", "number", "told"),
    [
        ("bridge_news", 99, "post bridge_news/99 is not in the ledger"),
        ("nobody", 1, "a channel nobody is in the ledger"),
    ],
)
async def test_there_is_none_of_what_is_not_in_the_ledger(store: Store, name: str, number: int, told: str) -> None:
    await happened(store)

    with pytest.raises(Refused, match=told):
        await dossier(store, name, number)


# -------------------------------------------------------------------------------------------------------------- proof


async def test_a_proof_leads_from_every_record_to_the_root(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 700)])
    size, root = await store.ledger.root()
    oracle = InmemoryTree(algorithm="sha256")
    for sealed in await all_sealed(store.ledger):
        oracle.append_entry(sealed.header)

    for index in (0, 1, 255, 256, 511, 512, 640, 698, 699):
        found = await proof(store, index)

        theirs = oracle.prove_inclusion(index + 1, size)
        assert (found.index, found.size, found.root) == (index, 700, root)
        assert list(found.path) == theirs.path[1:]
        assert tree.verify_inclusion(found.leaf, index=index, size=size, proof=found.path, root=root)
        pymerkle_accepts(found.leaf, root, theirs)


async def test_a_record_alone_is_its_own_proof(store: Store) -> None:
    await store.ledger.append([revision()])

    assert [len((await proof(store, index)).path) for index in (0, 1)] == [1, 1]


@pytest.mark.parametrize("index", [-1, 2, 2**63])
async def test_there_is_no_proof_of_a_record_that_is_not_there(store: Store, index: int) -> None:
    await store.ledger.append([revision(channel=HARBOUR)])

    with pytest.raises(Refused, match="there is no record"):
        await proof(store, index)


async def test_a_ledger_whose_tree_is_another_proves_nothing(store: Store) -> None:
    class Forged:
        """A ledger that shows a leaf which its tree does not have."""

        def __init__(self, store: Store) -> None:
            self._ledger = store.ledger
            self.ledger = self

        async def prove(self, index: int) -> object:
            return msgspec.structs.replace(await self._ledger.prove(index), leaf=tree.leaf_hash(b"never"))

    await store.ledger.append([revision()])

    with pytest.raises(LedgerBroken, match="record 1 is not in the tree"):
        await proof(Forged(store), 1)  # type: ignore[arg-type]
