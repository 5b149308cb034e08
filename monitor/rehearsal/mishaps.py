"""What befalls a channel, besides that it publishes, edits and deletes?

These are facts of the world, and stay so; what goes wrong between server and client is in `faults.py`. Posts that are edited or
deleted unannounced are `World.edit` and `World.delete` with `announce=False`.
"""

from monitor.model.post import PostId
from monitor.rehearsal.channel import Notice
from monitor.rehearsal.world import World


def ban(world: World, account: str, channel: str | int) -> None:
    """The account is thrown out and can no longer look in: CHANNEL_PRIVATE."""
    state, who = world.channel(channel), world.account(account)
    who.joined.discard(state.id)
    who.banned.add(state.id)
    world.tell(Notice(state.id, who.id))


def unban(world: World, account: str, channel: str | int) -> None:
    """And may look in again; it has not joined."""
    world.account(account).banned.discard(world.channel(channel).id)


def let_in(world: World, account: str, channel: str | int) -> None:
    """The account may look in again, has joined again, and is told so."""
    state, who = world.channel(channel), world.account(account)
    who.banned.discard(state.id)
    who.joined.add(state.id)
    world.tell(Notice(state.id, who.id))


def withhold(world: World, account: str, channel: str | int, *, reason: str) -> None:
    """The law of the account's country keeps the channel's posts from it."""
    world.account(account).withheld[world.channel(channel).id] = reason


def make_private(world: World, channel: str | int) -> None:
    """The channel has no username any more, and is closed to who has not joined."""
    state = world.channel(channel)
    world.channels.release(state)
    state.private = True
    world.tell(Notice(state.id))


def vanish(world: World, channel: str | int) -> None:
    """The channel is deleted: CHANNEL_INVALID for everybody."""
    state = world.channel(channel)
    world.channels.release(state)
    state.gone = True
    world.tell(Notice(state.id))


def hand_over(world: World, username: str, *, to: str | int) -> None:
    """Another channel takes this username; who had it has none."""
    state = world.channel(to)
    world.channels.hand_over(username, state)
    world.tell(Notice(state.id))


def rename(world: World, channel: str | int, *, title: str) -> None:
    """The channel has a new title, and a service message tells of it."""
    state = world.channel(channel)
    state.title = title
    world.publish(state.id, title, service="title")
    world.tell(Notice(state.id))


def expire_files(world: World, channel: str | int) -> None:
    """References to the channel's files, as handed out so far, are no longer good: FILE_REFERENCE_EXPIRED."""
    world.channel(channel).files_epoch += 1


def resize_file(world: World, file: int, *, size: int) -> None:
    """The file has so many bytes, while the posts still say what they said of it."""
    world.files.resize(file, size)


def lose_file(world: World, file: int) -> None:
    """Its bytes are gone, while posts still show it: FILE_ID_INVALID."""
    world.files.lose(file)


def move_file(world: World, file: int, *, dc: int) -> None:
    """It lies in another data centre than the posts say: FILE_MIGRATE_4."""
    world.files.elsewhere[file] = dc


def cut_history(world: World, channel: str | int, *, upto: PostId) -> None:
    """Everything up to this post is gone at once; no deletion is told, and the update counter does not move."""
    state = world.channel(channel)
    state.remove_silently([post for post in state.ids if post <= upto])
    state.available_from = upto + 1
    world.tell(Notice(state.id))
