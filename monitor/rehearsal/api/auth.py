"""How does a client sign in and out?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, auth

from monitor.model.instant import SECOND
from monitor.rehearsal.account import Account, digits
from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected


def send_code(call: Call) -> Any:
    phone = digits(call.request.phone_number)
    if not phone:
        raise Rejected("PHONE_NUMBER_INVALID")
    return types.auth.SentCode(types.auth.SentCodeTypeApp(len(call.world.code)), _code_hash(call, phone))


def sign_in(call: Call) -> Any:
    phone = digits(call.request.phone_number)
    if call.request.phone_code_hash != _code_hash(call, phone):
        raise Rejected("PHONE_CODE_EXPIRED")
    if call.request.phone_code != call.world.code:
        raise Rejected("PHONE_CODE_INVALID")
    who = call.world.accounts.get(phone)
    if who is None:
        return types.auth.AuthorizationSignUpRequired()
    return _signed_in(call, who)


def import_bot_authorization(call: Call) -> Any:
    who = call.world.accounts.get(call.request.bot_auth_token)
    if who is None or not who.bot:
        raise Rejected("ACCESS_TOKEN_INVALID")
    return _signed_in(call, who)


def log_out(call: Call) -> Any:
    if call.account:
        call.device.account = None
    return types.auth.LoggedOut()


def get_password(call: Call) -> Any:
    """No account of the rehearsal has a password."""
    return types.account.Password(
        new_algo=types.PasswordKdfAlgoUnknown(),
        new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
        secure_random=b"",
        has_password=False,
    )


def check_password(call: Call) -> Any:
    raise Rejected("PASSWORD_HASH_INVALID")


def get_authorizations(call: Call) -> Any:
    devices = [each for each in call.world.devices.values() if each.account is call.account]
    return types.account.Authorizations(
        authorization_ttl_days=180,
        authorizations=[
            types.Authorization(
                hash=0 if each is call.device else each.id >> 1,
                device_model="rehearsal",
                platform="",
                system_version="",
                api_id=0,
                app_name="",
                app_version="",
                date_created=each.created // SECOND,
                date_active=call.seconds,
                ip="127.0.0.1",
                country="",
                region="",
                current=each is call.device,
            )
            for each in devices
        ],
    )


def _signed_in(call: Call, who: Account) -> Any:
    call.device.account = who
    call.device.dead = None
    return types.auth.Authorization(scribe.user(who, me=True))


def _code_hash(call: Call, phone: str) -> str:
    return f"{call.world.secret('code', phone):016x}"


METHODS = {
    auth.SendCodeRequest: send_code,
    auth.SignInRequest: sign_in,
    auth.ImportBotAuthorizationRequest: import_bot_authorization,
    auth.LogOutRequest: log_out,
    auth.CheckPasswordRequest: check_password,
    account.GetPasswordRequest: get_password,
    account.GetAuthorizationsRequest: get_authorizations,
}
