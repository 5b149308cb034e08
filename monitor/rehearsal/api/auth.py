"""How does a client sign in and out?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, auth

from monitor.model.instant import SECOND
from monitor.rehearsal.account import Account, digits
from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.group import GENERATOR, PRIME, number
from monitor.rehearsal.password import Puzzle

_TOKEN_SECONDS = 30


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
    who = call.world.register.find(phone)
    if who is None:
        return types.auth.AuthorizationSignUpRequired()
    return _code_was_right(call, who)


def import_bot_authorization(call: Call) -> Any:
    who = call.world.register.find(call.request.bot_auth_token)
    if who is None or not who.bot:
        raise Rejected("ACCESS_TOKEN_INVALID")
    return _signed_in(call, who)


def log_out(call: Call) -> Any:
    if call.account:
        call.device.account = None
    return types.auth.LoggedOut()


def get_password(call: Call) -> Any:
    """What the client needs to prove that it knows the password; a new question each time."""
    who = call.device.account or call.device.asked_for_password
    if who is None:
        raise Rejected("AUTH_KEY_UNREGISTERED")
    puzzle = call.device.puzzle = None if who.password is None else Puzzle(who.password)
    return types.account.Password(
        new_algo=types.PasswordKdfAlgoUnknown(),
        new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
        secure_random=b"",
        has_password=puzzle is not None,
        current_algo=None if puzzle is None else _algorithm(puzzle),
        srp_B=None if puzzle is None else number(puzzle.public),
        srp_id=None if puzzle is None else puzzle.id,
    )


def check_password(call: Call) -> Any:
    who, puzzle, given = call.device.asked_for_password, call.device.puzzle, call.request.password
    if who is None or puzzle is None:
        raise Rejected("AUTH_KEY_UNREGISTERED")
    if not isinstance(given, types.InputCheckPasswordSRP) or not puzzle.solved(given.srp_id, given.A, given.M1):
        raise Rejected("PASSWORD_HASH_INVALID")
    return _signed_in(call, who)


def export_login_token(call: Call) -> Any:
    """What the client shows as a QR code; once somebody has scanned it, they are signed in by asking again."""
    if call.device.scanned is None:
        return types.auth.LoginToken(call.seconds + _TOKEN_SECONDS, call.world.login_token(call.device))
    return types.auth.LoginTokenSuccess(_code_was_right(call, call.device.scanned))


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


def _code_was_right(call: Call, who: Account) -> Any:
    if who.password is None:
        return _signed_in(call, who)
    call.device.asked_for_password = who
    raise Rejected("SESSION_PASSWORD_NEEDED")


def _signed_in(call: Call, who: Account) -> Any:
    call.device.account = who
    call.device.asked_for_password = call.device.scanned = call.device.dead = None
    return types.auth.Authorization(scribe.user(who, me=True))


def _algorithm(puzzle: Puzzle) -> Any:
    return types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        puzzle.salt1, puzzle.salt2, GENERATOR, number(PRIME)
    )


def _code_hash(call: Call, phone: str) -> str:
    return f"{call.world.secret('code', phone):016x}"


METHODS = {
    auth.SendCodeRequest: send_code,
    auth.SignInRequest: sign_in,
    auth.ImportBotAuthorizationRequest: import_bot_authorization,
    auth.LogOutRequest: log_out,
    auth.CheckPasswordRequest: check_password,
    auth.ExportLoginTokenRequest: export_login_token,
    account.GetPasswordRequest: get_password,
    account.GetAuthorizationsRequest: get_authorizations,
}
