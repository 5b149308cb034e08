"""The protocol below the methods: frames, keys, encryption, sessions (https://core.telegram.org/mtproto)."""
