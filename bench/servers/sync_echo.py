"""The third floor: the same listener in synchronous Bolt under Flask, as a WSGI application for gunicorn
(`bench.servers.sync_echo:made()`). No database."""

from __future__ import annotations

import os

from flask import Flask, Response, request
from slack_bolt import Ack, App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient

THREADS = 64


def made() -> Flask:
    """Slack's address, token and secret come from the environment."""
    token = os.environ["SLACK_BOT_TOKEN"]
    bolt = App(
        client=WebClient(token=token, base_url=os.environ["SLACK_API_URL"]),
        token=token,
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
    )

    @bolt.command("/image")
    def acknowledge(ack: Ack) -> None:
        ack()

    flask, handler = Flask(__name__), SlackRequestHandler(bolt)

    @flask.post("/slack/events")
    def events() -> Response:
        return handler.handle(request)

    return flask
