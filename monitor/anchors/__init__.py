"""Where do checkpoints go, so that nobody here can rewrite them? One adapter a kind; `Config` is what may stand in `[[anchor]]`."""

from monitor.anchors import file, mail, rfc3161, webhook

Config = file.Config | mail.Config | rfc3161.Config | webhook.Config
