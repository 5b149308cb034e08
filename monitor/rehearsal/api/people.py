"""What does Telegram tell a client about itself and its user?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, help, users

from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected


def get_config(call: Call) -> Any:
    now = call.seconds
    return types.Config(
        date=now,
        expires=now + 3600,
        test_mode=False,
        this_dc=call.dc,
        dc_options=[types.DcOption(dc, host, port) for dc, (host, port) in call.doors.items()],
        dc_txt_domain_name="",
        chat_size_max=200,
        megagroup_size_max=200_000,
        forwarded_count_max=100,
        online_update_period_ms=210_000,
        offline_blur_timeout_ms=5_000,
        offline_idle_timeout_ms=30_000,
        online_cloud_timeout_ms=300_000,
        notify_cloud_delay_ms=30_000,
        notify_default_delay_ms=1_500,
        push_chat_period_ms=60_000,
        push_chat_limit=2,
        edit_time_limit=172_800,
        revoke_time_limit=2_147_483_647,
        revoke_pm_time_limit=2_147_483_647,
        rating_e_decay=2_419_200,
        stickers_recent_limit=200,
        channels_read_media_period=604_800,
        call_receive_timeout_ms=20_000,
        call_ring_timeout_ms=90_000,
        call_connect_timeout_ms=30_000,
        call_packet_timeout_ms=10_000,
        me_url_prefix="https://t.me/",
        caption_length_max=1_024,
        message_length_max=4_096,
        webfile_dc_id=call.dc,
    )


def get_nearest_dc(call: Call) -> Any:
    return types.NearestDc("", call.dc, call.dc)


def get_app_config(call: Call) -> Any:
    return types.help.AppConfig(hash=0, config=types.JsonObject([]))


def get_users(call: Call) -> Any:
    """Oneself; for a bot also the people whom it may write to."""
    return [_user(call, each) for each in call.request.id]


def get_full_user(call: Call) -> Any:
    who = _user(call, call.request.id)
    if isinstance(who, types.UserEmpty):
        raise Rejected("USER_ID_INVALID")
    full = types.UserFull(who.id, types.PeerSettings(), types.PeerNotifySettings(), common_chats_count=0)
    return types.users.UserFull(full, chats=[], users=[who])


def update_status(call: Call) -> Any:
    return bool(call.account)


def _user(call: Call, named: Any) -> Any:
    marked = call.marked(named)
    if marked == call.account.id:
        return scribe.user(call.account, me=True)
    chat = call.world.chats.get(marked)
    return types.UserEmpty(marked) if chat is None or marked < 0 else scribe.chat_as_seen(chat)


METHODS = {
    help.GetConfigRequest: get_config,
    help.GetNearestDcRequest: get_nearest_dc,
    help.GetAppConfigRequest: get_app_config,
    users.GetUsersRequest: get_users,
    users.GetFullUserRequest: get_full_user,
    account.UpdateStatusRequest: update_status,
}
