"""Pages written for tests: the structure of Telegram's public pages, with words of our own."""

import base64


def page(*bubbles: str, name: str = "bridge_news", head: str = "", more: str = "") -> bytes:
    """The history of a channel."""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Bridge – Telegram</title>{head}</head>
<body class="widget_frame_base tgme_webpreview">
<div class="tgme_channel_info"><div class="tgme_channel_info_header">
<i class="tgme_page_photo_image bgcolor5" data-content="B"><img src="https://cdn.example/photo.jpg"></i>
<div class="tgme_channel_info_header_title"><span dir="auto">Bridge &amp; harbour</span></div>
<div class="tgme_channel_info_header_username"><a href="https://t.me/{name}">@{name}</a></div></div>
<div class="tgme_channel_info_counters"><div class="tgme_channel_info_counter"><span class="counter_value">12.5K</span>
 <span class="counter_type">subscribers</span></div><div class="tgme_channel_info_counter"><span class="counter_value">3</span>
 <span class="counter_type">photos</span></div></div>
<div class="tgme_channel_info_description">All about<br/>the bridge. <a href="https://t.me/desk">@desk</a></div></div>
<main class="tgme_main" data-url="/{name}"><section class="tgme_channel_history js-message_history">
{more}{"".join(bubbles)}</section></main></body></html>""".encode()


def view(number: int, post: int | str, at: int = 1685880000) -> str:
    """What counts a view of a post, as the page has it."""
    told = f'{{"c":{-number},"p":{post},"t":{at},"h":"0123456789abcdef01"}}'
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def bubble(
    inner: str = "",
    *,
    post: str = "bridge_news/7",
    date: str = "2023-06-04T12:00:00+00:00",
    views: str = "746",
    meta: str = "",
    classes: str = "text_not_supported_wrap js-widget_message",
    number: int | None = 1234567890,
) -> str:
    """A post; `inner` stands between who speaks and the footer. `meta`: what stands before the date."""
    seen = "" if number is None else f'data-view="{view(number, post.rpartition("/")[2] or 0)}"'
    dated = f'<time datetime="{date}" class="time">12:00</time>' if date else ""
    return f"""<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message {classes}" data-post="{post}" {seen}>
<div class="tgme_widget_message_user"><a href="https://t.me/bridge_news"><i class="tgme_widget_message_user_photo bgcolor5"></i></a></div>
<div class="tgme_widget_message_bubble"><i class="tgme_widget_message_bubble_tail"><svg class="bubble_icon"><g></g></svg></i>
<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/bridge_news"><span dir="auto">Bridge</span></a></div>
{inner}
<div class="tgme_widget_message_footer compact js-message_footer"><div class="tgme_widget_message_info short js-message_info">
<span class="tgme_widget_message_views">{views}</span><span class="copyonly"> views</span><span class="tgme_widget_message_meta">{meta}<a class="tgme_widget_message_date" href="https://t.me/bridge_news/7">{dated}</a></span>
</div></div></div></div></div>"""


def said(inner: str) -> str:
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{inner}</div>'


NOT_SUPPORTED = """<div class="message_media_not_supported_wrap"><div class="message_media_not_supported">
<div class="message_media_not_supported_label">Please open Telegram to view this post</div>
<span class="message_media_view_in_telegram">VIEW IN TELEGRAM</span></div></div>"""
"""What stands where the page cannot show a thing, and hidden beside most things that it shows."""

FALLBACK = f'<div class="media_not_supported_cont">{NOT_SUPPORTED}</div>'

CONTACT = b"""<html><body><div class="tgme_page_wrap"><div class="tgme_page"><div class="tgme_page_icon"><i class="tgme_icon_user"></i></div>
<div class="tgme_page_description">You can contact <a class="tgme_username_link" href="tg://resolve?domain=nobody">@nobody</a> right away.</div>
<div class="tgme_page_action"><a class="tgme_action_button_new" href="tg://resolve?domain=nobody">Send Message</a></div></div></div></body></html>"""
CARD = b"""<html><body><div class="tgme_page_wrap"><div class="tgme_page"><div class="tgme_page_photo"><a><img class="tgme_page_photo_image" src="x"></a></div>
<div class="tgme_page_title" dir="auto"><span dir="auto">Bridge</span></div><div class="tgme_page_extra">12 534 subscribers</div>
<div class="tgme_page_description" dir="auto">All about<br/>the bridge</div></div></div></body></html>"""
GROUP = b"""<html><body><div class="tgme_page"><div class="tgme_page_title"><span>Talk</span></div>
<div class="tgme_page_extra">1 200 members, 20 online</div></div></body></html>"""
NOT_FOUND = b"""<html><body class="widget_frame_base"><div class="tgme_widget_message js-widget_message">
<div class="tgme_widget_message_error">Post not found</div></div></body></html>"""
