"""How does a client sign in and out?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, auth

from monitor.model.instant import SECOND
from monitor.rehearsal.account import Account, Device, digits
from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.group import GENERATOR, PRIME, number
from monitor.rehearsal.password import Puzzle
from monitor.rehearsal.tokens import Token


def send_code(call: Call) -> Any:
    """Each code makes those before it void: another hash belongs to it."""
    phone = digits(call.request.phone_number)
    if not phone:
        raise Rejected("PHONE_NUMBER_INVALID")
    if (away := _lives_elsewhere(call, call.world.register.find(phone))) is not None:
        raise Rejected(f"PHONE_MIGRATE_{away}")
    call.device.codes_sent[phone] = call.device.codes_sent.get(phone, 0) + 1
    return types.auth.SentCode(types.auth.SentCodeTypeApp(len(call.world.code)), _code_hash(call, phone))


def cancel_code(call: Call) -> Any:
    """The code that was sent is good for nothing any more."""
    phone = digits(call.request.phone_number)
    if call.request.phone_code_hash != _code_hash(call, phone):
        raise Rejected("PHONE_CODE_EXPIRED")
    call.device.codes_sent[phone] += 1
    return True


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
    if (away := _lives_elsewhere(call, who)) is not None:
        raise Rejected(f"USER_MIGRATE_{away}")
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
    """What the client shows as a QR code; once somebody has scanned it, they are signed in by asking again, in the data centre
    where they live (https://core.telegram.org/api/qr-login)."""
    token = call.world.tokens.shown(call.device)
    if token.account is None:
        return types.auth.LoginToken(-(-token.expires // SECOND), token.code)
    if (away := _lives_elsewhere(call, token.account)) is not None:
        return types.auth.LoginTokenMigrateTo(away, token.code)
    return _imported(call, token)


def import_login_token(call: Call) -> Any:
    """The device that showed the code comes from another data centre."""
    token = _token(call)
    if token.account is None:
        token.device = call.device
        return types.auth.LoginToken(-(-token.expires // SECOND), token.code)
    return _imported(call, token)


def accept_login_token(call: Call) -> Any:
    """Another device of the account holds its camera to the code: whoever shows it is signed in."""
    token, who = _token(call), call.account
    if token.account is not None:
        raise Rejected("AUTH_TOKEN_ALREADY_ACCEPTED")
    call.world.scan(token.code, who.key)
    return _authorization(call, token.device)


def _token(call: Call) -> Token:
    try:
        token = call.world.tokens.find(call.request.token)
    except LookupError:
        raise Rejected("AUTH_TOKEN_INVALID") from None
    if call.world.tokens.expired(token):
        raise Rejected("AUTH_TOKEN_EXPIRED")
    return token


def _imported(call: Call, token: Token) -> Any:
    call.world.tokens.used(token)
    if token.account is None:
        raise Rejected("AUTH_TOKEN_INVALID")
    return types.auth.LoginTokenSuccess(_code_was_right(call, token.account))


def _lives_elsewhere(call: Call, who: Account | None) -> int | None:
    """The data centre where the account lives, if that is not the one that is asked."""
    return None if who is None or who.dc in (None, call.device.dc) else who.dc


def export_authorization(call: Call) -> Any:
    """What this account shows in another data centre, to be let in there."""
    if call.request.dc_id not in call.world.doors or call.request.dc_id == call.dc:
        raise Rejected("DC_ID_INVALID")
    return types.auth.ExportedAuthorization(call.account.id, _pass(call, call.account))


def import_authorization(call: Call) -> Any:
    who = next((each for each in call.world.register if each.id == call.request.id), None)
    if who is None or call.request.bytes != _pass(call, who):
        raise Rejected("AUTH_BYTES_INVALID")
    return _signed_in(call, who)


def get_authorizations(call: Call) -> Any:
    devices = [each for each in call.world.devices.values() if each.account is call.account]
    return types.account.Authorizations(
        authorization_ttl_days=180,
        authorizations=[_authorization(call, each) for each in devices],
    )


def _authorization(call: Call, device: Device) -> Any:
    return types.Authorization(
        hash=0 if device is call.device else device.id >> 1,
        device_model="rehearsal",
        platform="",
        system_version="",
        api_id=0,
        app_name="",
        app_version="",
        date_created=device.created // SECOND,
        date_active=call.seconds,
        ip="127.0.0.1",
        country="",
        region="",
        current=device is call.device,
    )


def _pass(call: Call, who: Account) -> bytes:
    return call.world.secret("pass", who.key).to_bytes(8, "big", signed=True)


def _code_was_right(call: Call, who: Account) -> Any:
    if who.password is None:
        return _signed_in(call, who)
    call.device.asked_for_password = who
    raise Rejected("SESSION_PASSWORD_NEEDED")


def _signed_in(call: Call, who: Account) -> Any:
    call.device.account = who
    call.device.asked_for_password = call.device.dead = None
    return types.auth.Authorization(scribe.user(who, me=True))


def _algorithm(puzzle: Puzzle) -> Any:
    return types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        puzzle.salt1, puzzle.salt2, GENERATOR, number(PRIME)
    )


def _code_hash(call: Call, phone: str) -> str:
    return f"{call.world.secret('code', phone, call.device.codes_sent.get(phone, 0)):016x}"


METHODS = {
    auth.SendCodeRequest: send_code,
    auth.SignInRequest: sign_in,
    auth.ImportBotAuthorizationRequest: import_bot_authorization,
    auth.LogOutRequest: log_out,
    auth.CheckPasswordRequest: check_password,
    auth.ExportLoginTokenRequest: export_login_token,
    auth.ImportLoginTokenRequest: import_login_token,
    auth.AcceptLoginTokenRequest: accept_login_token,
    auth.CancelCodeRequest: cancel_code,
    auth.ExportAuthorizationRequest: export_authorization,
    auth.ImportAuthorizationRequest: import_authorization,
    account.GetPasswordRequest: get_password,
    account.GetAuthorizationsRequest: get_authorizations,
}
