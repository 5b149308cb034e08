"""Where do checkpoints go, so that nobody here can rewrite them? One adapter a kind; `Config` is what may stand in `[[anchor]]`."""

from monitor.anchors import file, rfc3161, webhook

Config = file.Config | rfc3161.Config | webhook.Config
