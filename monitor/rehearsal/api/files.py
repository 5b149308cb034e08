"""How does a client fetch an attached file?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import upload

from monitor.rehearsal.api.attachments import DC, file_reference
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.files import content

_LARGEST_PART = 1024 * 1024


def get_file(call: Call) -> Any:
    """A part of a photo or document; a reference that was handed out too long ago is FILE_REFERENCE_EXPIRED."""
    where, offset, limit = call.request.location, call.request.offset, call.request.limit
    if not call.account or not isinstance(where, types.InputDocumentFileLocation | types.InputPhotoFileLocation):
        raise Rejected("LOCATION_INVALID")
    if offset % 1024 or limit % 1024 or not 0 < limit <= _LARGEST_PART:
        raise Rejected("LIMIT_INVALID")
    found = call.world.files.find(where.id)
    if found is None or where.access_hash != where.id:
        raise Rejected("FILE_ID_INVALID")
    channel, media = found
    if (dc := call.world.files.elsewhere.get(where.id, DC)) != call.dc:
        raise Rejected(f"FILE_MIGRATE_{dc}")
    if where.file_reference != file_reference(call.world.channels[channel], media):
        raise Rejected("FILE_REFERENCE_EXPIRED")
    data = content(where.id, size=media.size or 0, offset=offset, limit=limit)
    return types.upload.File(types.storage.FileUnknown(), mtime=call.seconds, bytes=data[: call.met.keep])


METHODS = {upload.GetFileRequest: get_file}
