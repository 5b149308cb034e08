"""Erasures"""

import msgspec
import pytest
from builders import BRIDGE, HARBOUR, NOON, alert, deletion, gap, match, message, photo, raw, receipt, revision, verdict
from engines import Opening

from monitor.errors import Refused
from monitor.ledger.audit import Audit
from monitor.model.alert import ALBUM, Digest, Item, Joint, State, Tally
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE
from monitor.model.record import Context, Custody, Draft, Erased, Faulted, Fetched, Hold, Kind, Said
from monitor.ports import NEWS, RETENTION, Erasure, Store, Want

WORDS = "Прохожий Аркадий упал у моста."
SHA, OTHER = "ab" * 32, "cd" * 32
FILE = 2**61


async def erase(store: Store, post: int = 1, *, channel: Identity = BRIDGE, dry: bool = False) -> Erasure:
    return await store.erasures.erase(channel, post, reason="a court's order", by="olena", dry=dry)


async def recorded(store: Store, *drafts: Draft) -> list[int]:
    return [each.index for each in await store.ledger.append(drafts)]


def hold(standing: str = "placed", *, number: int = 0, story: str = "", channel: Identity | None = BRIDGE) -> Draft:
    content = Hold(standing, story or f"bridge_news/{number}", "asked for by a court", "ana", story)
    return Draft(content=content, channel=channel, post=number, observed_at=NOON)


async def show(
    store: Store, file: int = FILE, *, number: int = 1, post: int = 1, record: int = 1, sha256: str = SHA
) -> None:
    want = Want(number=number, post=post, file=file, record=record, rank=NEWS, size=9, since=NOON, due_at=NOON)
    await store.downloads.settle(want, Fetched("photo", file, "held", size=9, sha256=sha256, bytes=9), at=NOON)


async def findings(store: Store, *matches: object, alerts: object = ()) -> None:
    position = await store.positions.position("detect")
    assert await store.findings.file(matches, alerts, since=position, upto=await store.ledger.size())  # type: ignore[arg-type]


async def contents(store: Store) -> bytes:
    """All that the ledger still holds, as it was hashed."""
    return b"\n".join(each.content or b"" for each in await store.ledger.sealed(0, 1_000))


async def verifies(store: Store) -> int:
    """How many contents were erased, in a ledger that verifies."""
    audit = Audit()
    audit.walk(await store.ledger.sealed(0, 1_000))
    size, root = await store.ledger.root()
    report = audit.finish(size=size, root=root)
    assert report.broken is None
    return report.erased


async def test_take_every_revision_away_and_leave_the_tree_as_it_was(store: Store) -> None:
    said = await recorded(
        store, revision(WORDS), revision(WORDS + " Он жив.", edited_at=NOON + MINUTE), revision(number=2)
    )
    before = await store.ledger.leaves(0, await store.ledger.size())

    erasure = await erase(store)

    assert erasure.records == tuple(said[:2])
    assert await store.ledger.leaves(0, len(before)) == before
    assert [(each.content, each.salt) for each in await store.ledger.sealed(said[0], 2)] == [(None, None)] * 2
    assert [each.said for each in await store.ledger.records(said)][2] is not None
    assert "Аркадий".encode() not in await contents(store)
    assert await verifies(store) == 2


async def test_are_a_record_that_says_what_when_why_and_by_whom(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))

    erasure = await erase(store)

    [record] = await store.erasures.of_posts([(1, 1)])
    assert erasure.erased == (record.index,)
    assert (record.kind, record.channel, record.post, record.observed_at) == (Kind.ERASED, BRIDGE, 1, NOON)
    assert record.content == Erased("a court's order", "olena", (said,))
    assert await store.erasures.of_posts([(1, 2), (2, 1)]) == []


async def test_take_what_quotes_the_post_and_leave_what_does_not(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    await findings(store, match(said), alerts=[alert(record=said)])
    await store.outbox.settle([receipt()])
    await recorded(store, verdict(reason=f"'{WORDS}' is denied"), deletion(), revision(number=2), verdict(number=2))
    await recorded(
        store, Draft(content=Faulted("collect", "odd", raw=WORDS.encode()), channel=BRIDGE, post=1, observed_at=NOON)
    )

    erasure = await erase(store)

    assert erasure.kinds == {"published": 1, "match": 1, "review": 1, "fault": 1}
    records = await store.ledger.read(0, 100)
    left = [record.kind for record in records if record.content is None]
    assert left == [Kind.PUBLISHED, Kind.MATCH, Kind.REVIEW, Kind.FAULT]
    assert "Аркадий".encode() not in await contents(store)
    assert await verifies(store) == 4


async def test_leave_it_known_that_there_was_a_match(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    await findings(store, match(said))

    await erase(store)

    [found] = await store.findings.of_story("bridge", limit=10)
    assert (found.record, found.story, found.spans, found.why) == (said, "bridge", (), ())
    assert await store.findings.of_records([said]) == [found]
    assert await store.reviews.waiting(limit=10) == []


async def test_take_the_original_that_was_fetched_because_the_post_passes_it_on(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    original = Said(revision(WORDS).said) if revision(WORDS).said else None  # type: ignore[arg-type]
    assert original is not None
    forwarded = Context(of=said, how="forward", post=original.post)
    linked = Context(of=said, how="link", post=revision("Something else.").said)
    [of_forward, of_link] = await recorded(
        store,
        Draft(content=forwarded, channel=HARBOUR, post=7, observed_at=NOON),
        Draft(content=linked, channel=HARBOUR, post=8, observed_at=NOON),
    )

    erasure = await erase(store)

    assert erasure.records == (said, of_forward)
    assert [record.post for record in await store.erasures.of_posts([(1, 1), (2, 7), (2, 8)])] == [1, 7]
    assert [each.content is None for each in await store.ledger.records([of_forward, of_link])] == [True, False]
    assert await verifies(store) == 2

    [again] = await recorded(store, Draft(content=forwarded, channel=HARBOUR, post=7, observed_at=NOON))
    [found] = await store.ledger.records([again])
    assert found.content == Context(of=said, how="forward", reason="it was erased")


async def test_take_an_original_alone_that_only_a_context_holds(store: Store) -> None:
    [said] = await recorded(store, revision("As they say."))
    context = Context(of=said, how="link", post=revision(WORDS).said)
    [index] = await recorded(store, Draft(content=context, channel=HARBOUR, post=7, observed_at=NOON))

    assert (await erase(store, 7, channel=HARBOUR)).records == (index,)
    assert "Аркадий".encode() not in await contents(store)


async def test_keep_the_post_from_being_recorded_again_and_record_that_it_vanished(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    await erase(store)
    size = await store.ledger.size()

    [same, edited, imported] = await store.ledger.append(
        [revision(WORDS), revision(WORDS + " Он жив.", edited_at=NOON + MINUTE), revision(WORDS, quiet=True)]
    )

    assert [each.index for each in (same, edited, imported)] == [said] * 3
    assert not any(each.new for each in (same, edited, imported))
    assert await store.ledger.size() == size
    [gone] = await store.ledger.append([deletion()])
    assert (gone.new, gone.kind) == (True, Kind.DELETED)
    standing = (await store.ledger.standing(BRIDGE, [1]))[1]
    assert (standing.post, standing.deleted) == (None, True)


async def test_keep_what_could_not_be_read_of_it_out_too(store: Store) -> None:
    await recorded(store, revision(WORDS))
    await erase(store)

    fault = Faulted("collect", "odd", raw=WORDS.encode())
    [index] = await recorded(store, Draft(content=fault, channel=BRIDGE, post=1, observed_at=NOON))

    assert [record.content for record in await store.ledger.records([index])] == [Faulted("collect", "odd")]


async def test_leave_no_trace_to_look_for_that_another_post_shows_as_well(store: Store) -> None:
    said, other = await recorded(store, revision(WORDS), revision(WORDS, number=2))
    told = alert("m-2", record=other, post=2, message=message(says=WORDS, record=other))
    await findings(store, match(said, why=("alone",)), alerts=[told])

    erasure = await erase(store)

    assert erasure.traces
    assert not any(trace in WORDS.encode() for trace in erasure.traces)


async def test_once_done_are_not_done_again(store: Store) -> None:
    await recorded(store, revision(WORDS))
    await show(store)
    first = await erase(store)
    size = await store.ledger.size()

    again = await erase(store)

    assert (again.records, again.erased, again.media) == ((), first.erased, (SHA,))
    assert await store.ledger.size() == size


async def test_only_tried_change_nothing(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    await show(store)
    size = await store.ledger.size()

    tried = await erase(store, dry=True)

    assert (tried.records[0], tried.media) == (said, (SHA,))
    assert await store.ledger.size() == size
    assert [record.said is not None for record in await store.ledger.records([said])] == [True]
    assert (await erase(store)).records == tried.records


@pytest.mark.parametrize("post", [2, 9])
async def test_are_refused_where_the_ledger_knows_no_such_post(store: Store, post: int) -> None:
    await recorded(store, revision(WORDS), gap(9, 9))

    with pytest.raises(Refused, match=f"bridge_news/{post} is not in the ledger"):
        await erase(store, post)
    with pytest.raises(Refused, match="harbour is not in the ledger"):
        await erase(store, channel=HARBOUR)


# ------------------------------------------------------------------------------------------------------------------- media


async def test_free_the_files_that_no_other_post_shows(store: Store) -> None:
    await recorded(store, revision(WORDS, media=(photo(id=FILE),), raw=raw()), revision("The same picture.", number=2))
    await show(store)
    await show(store, FILE + 1, sha256=OTHER)
    await show(store, FILE + 1, post=2, record=2, sha256=OTHER)

    erasure = await erase(store)

    assert (erasure.media, erasure.shared) == ((SHA,), {OTHER: [(1, 2)]})
    assert [await store.downloads.kept(each) for each in (SHA, OTHER)] == [False, True]
    assert await store.downloads.files(limit=9) == [OTHER]
    tally = await store.downloads.tally()
    assert (tally.files, tally.bytes, tally.standings) == (1, 9, {"held": 1})
    assert await store.downloads.held(FILE) is None
    assert SHA not in {getattr(record.content, "sha256", None) for record in await store.downloads.of_posts([(1, 1)])}


async def test_keep_nothing_of_a_file_that_comes_meanwhile(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS, media=(photo(id=FILE),), raw=raw()))
    erasure = await erase(store)

    await show(store, record=said)

    assert not await store.downloads.kept(SHA)
    assert await store.ledger.size() == erasure.erased[0] + 1


# ------------------------------------------------------------------------------------------------------------------- alerts


async def test_tell_nobody_any_more_who_waits_for_it(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    tried = alert("m-2", record=said)
    await findings(
        store, match(said), alerts=[alert(record=said), tried, alert("m-3", record=said, held=True, bundle="edits:1")]
    )
    await store.outbox.settle([receipt("m-2", State.WAITING, reason="away")])

    erasure = await erase(store)

    assert [each.key for each in erasure.withdrawn] == ["m-1", "m-2", "m-3"]
    assert await store.outbox.due(NOON + 60 * MINUTE, limit=9) == []
    assert await store.outbox.ripe(NOON + 60 * MINUTE) == []
    assert {(each.state, each.reason) for each in await store.outbox.alerts()} == {(State.DEAD, "the post was erased")}
    assert await store.outbox.retry(["m-1", "m-2", "m-3"], now=NOON) == 0


async def test_say_whom_it_was_told_and_keep_no_word_of_that(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS))
    told = alert(record=said, message=message(says=WORDS, record=said), copy="0" * 32)
    await findings(store, match(said), alerts=[told])
    await store.outbox.settle([receipt()])

    erasure = await erase(store)

    [record] = await store.ledger.records(erasure.receipts)
    assert (record.kind, record.observed_at, record.content.subscriber) == (Kind.ALERT, NOON + 2_000, "desk")  # type: ignore[union-attr]
    [held] = await store.findings.alerted([(1, 1)])
    assert (held.state, held.message.post.text, held.message.spans, held.message.why, held.copy) == (
        State.DELIVERED,
        None,
        (),
        (),
        "",
    )


async def test_take_its_words_out_of_what_is_told_of_others(store: Store) -> None:
    said, other = await recorded(store, revision(WORDS), revision(number=2))
    item = Item(
        alert="a-1",
        event="published",
        story="bridge",
        priority="normal",
        channel="bridge_news",
        id=1,
        record=said,
        text=WORDS,
    )
    mine = msgspec.structs.replace(item, id=2, record=other, text="The bridge fell.")
    told = Digest(why="late", count=2, stories=(Tally("bridge", "The bridge", 2),), posts=(mine, item))
    carrier = alert("m-2", record=other, post=2, message=msgspec.structs.replace(message(record=other), digest=told))
    within = alert("m-3", record=said, message=message(says=WORDS, record=said))
    await findings(store, match(said), match(other), alerts=[alert("m-2", record=other, post=2), within])
    assert await store.outbox.join([Joint(carrier, ("m-3",))], now=NOON)

    await erase(store)

    [due] = await store.outbox.due(NOON, limit=9)
    assert due.key == "m-2"
    assert due.message.post.text == "The bridge fell."
    assert isinstance(due.message.digest, Digest)
    assert [each.text for each in due.message.digest.posts] == ["The bridge fell.", None]


async def test_let_what_was_to_be_told_in_its_message_be_told_by_itself(store: Store) -> None:
    said, other = await recorded(store, revision(WORDS), revision(number=2))
    carrier = alert("m-1", record=said)
    await findings(store, match(said), match(other), alerts=[carrier, alert("m-2", record=other, post=2)])
    assert await store.outbox.join([Joint(carrier, ("m-2",))], now=NOON)

    await erase(store)

    assert [each.key for each in await store.outbox.due(NOON, limit=9)] == ["m-2"]


async def test_take_all_words_out_of_the_message_of_its_album(store: Store) -> None:
    _, other = await recorded(store, revision(WORDS), revision("", number=2))
    post = msgspec.structs.replace(message().post, id=2, text=WORDS, parts=(1, 2))
    album = msgspec.structs.replace(message(record=other), post=post)
    await findings(store, match(other), alerts=[alert("m-2", record=other, post=2, message=album, bundle=f"{ALBUM}1")])

    await erase(store)

    [due] = await store.outbox.due(NOON, limit=9)
    assert (due.message.post.text, due.message.why, due.message.post.link) == (None, (), post.link)


async def test_are_not_undone_by_what_somebody_had_read_before(opening: Opening) -> None:
    async with opening() as store, opening() as other:
        said, second = await recorded(store, revision(WORDS), revision(number=2))
        await findings(store, match(second), alerts=[alert("m-2", record=second, post=2)])
        item = Item(
            alert="a-1",
            event="published",
            story="bridge",
            priority="normal",
            channel="bridge_news",
            id=1,
            record=said,
            text=WORDS,
        )
        digest = Digest(why="spread", count=2, stories=(), posts=(item,))
        [waiting] = await store.outbox.due(NOON, limit=9)
        position, size = await store.positions.position("detect"), await store.ledger.size()

        await erase(other)

        joined = msgspec.structs.replace(waiting, message=msgspec.structs.replace(waiting.message, digest=digest))
        assert await store.outbox.join([Joint(joined)], now=NOON)
        assert await store.findings.file([match(said)], [alert(record=said)], since=position, upto=size)
        assert [each.text for each in (await store.outbox.due(NOON, limit=9))[0].message.digest.posts] == [None]  # type: ignore[union-attr]
        assert await store.findings.alerted([(1, 1)]) == []
        assert await store.findings.of_story("bridge", limit=9) == [match(second)]
        await store.ledger.append([revision(number=3)])
        assert [record.said for record in await store.ledger.read(said, 1)] == [None]


# -------------------------------------------------------------------------------------------------------------------- copies


async def test_say_which_copies_were_made_since_the_post_was_recorded(store: Store) -> None:
    custody = Draft(
        content=Custody("exported", "sha256:00", "olena", "court; everything; 9 of 9 records"), observed_at=NOON
    )
    await recorded(store, custody, revision(WORDS), custody, revision(number=2))

    erasure = await erase(store)

    assert len(erasure.custody) == 1
    assert erasure.custody[0] > erasure.first
    assert (await erase(store, 2)).custody == ()


# --------------------------------------------------------------------------------------------------------------------- holds


async def test_are_refused_for_a_post_that_is_held(store: Store) -> None:
    await recorded(store, revision(WORDS), revision(number=2), hold(number=1))

    with pytest.raises(Refused, match=r"bridge_news/1 is held .* by ana: asked for by a court"):
        await erase(store)
    await erase(store, 2)
    assert [record.content.standing for record in await store.holds.of_post(1, 1)] == ["placed"]  # type: ignore[union-attr]

    await recorded(store, hold("released", number=1))
    assert await store.holds.in_force() == []
    assert (await erase(store)).records


async def test_are_refused_where_the_channel_is_held(store: Store) -> None:
    await recorded(store, revision(WORDS), hold())

    with pytest.raises(Refused, match="is held"):
        await erase(store)
    await recorded(store, hold("released", number=1))  # another hold than that of the channel
    with pytest.raises(Refused, match="is held"):
        await erase(store)


async def test_are_refused_where_a_story_is_held_that_the_post_was_flagged_for(store: Store) -> None:
    said, _ = await recorded(store, revision(WORDS), revision(number=2))
    await findings(store, match(said))
    await recorded(store, hold(story="bridge", channel=None))

    with pytest.raises(Refused, match="is held"):
        await erase(store)
    assert [record.content.subject for record in await store.holds.in_force()] == ["bridge"]  # type: ignore[union-attr]
    assert (await erase(store, 2)).records


# ---------------------------------------------------------------------------------------------------------------- by rule


async def test_by_rule_spare_what_was_flagged_or_is_held(store: Store) -> None:
    said, *_ = await recorded(
        store, *(revision(f"{WORDS} {number}", number=number) for number in (1, 2, 3)), hold(number=2)
    )
    await findings(store, match(said))

    found = [
        await store.erasures.expire(1, post, before=NOON + MINUTE, reason="retention", by="monitor", words=True)
        for post in (1, 2, 3)
    ]

    assert [each is not None for each in found] == [False, False, True]
    assert [record.content.reason for record in await store.erasures.of_posts([(1, 3)])] == ["retention"]  # type: ignore[union-attr]
    assert await store.erasures.expire(1, 3, before=NOON + MINUTE, reason="retention", by="monitor", words=True) is None
    assert await verifies(store) == 1


async def test_by_rule_of_media_alone_leave_the_words(store: Store) -> None:
    [said] = await recorded(store, revision(WORDS, media=(photo(id=FILE),), raw=raw()))
    await show(store, record=said)

    erasure = await store.erasures.expire(1, 1, before=NOON + MINUTE, reason="retention", by="monitor", words=False)

    assert erasure is not None
    assert erasure.media == (SHA,)
    assert [record.said is not None for record in await store.ledger.records([said])] == [True]
    assert (
        await store.erasures.expire(1, 1, before=NOON + MINUTE, reason="retention", by="monitor", words=False) is None
    )
    [again] = await store.ledger.append([revision(WORDS + " Он жив.", edited_at=NOON + MINUTE)])
    assert again.new
    assert await verifies(store) == 1
    assert (await erase(store)).records == (said, again.index)


async def test_by_rule_go_back_to_the_beginning_where_a_hold_is_released(store: Store) -> None:
    await recorded(store, revision(WORDS), hold(number=1))
    for stage in RETENTION:
        await store.positions.advance(stage, upto=3)

    await recorded(store, hold("released", number=1))

    assert [await store.positions.position(stage) for stage in RETENTION] == [0, 0]
