"""What carries an alert: one adapter a kind. `Config` is the union of what may stand in a subscriber's `via`."""

from monitor.notifiers import console, telegram, webhook

Config = console.Config | telegram.Config | webhook.Config
