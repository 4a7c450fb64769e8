"""Which composition objects and block elements Slack takes, and how long their parts may be.

Follows docs.slack.dev/reference/block-kit/composition-objects and .../block-elements.
"""

from __future__ import annotations

from typing import Any

from bot.simulator.slack.rules.shapes import (
    Check,
    Report,
    anything,
    array,
    boolean,
    both,
    by_type,
    one_of,
    record,
    string,
    whole,
)

ACTION_ID = string(1, 255)


def plain_text(most: int) -> Check:
    return by_type({"plain_text": record({"text": string(1, most)}, {"emoji": boolean})})


def any_text(most: int) -> Check:
    return by_type(
        {
            "plain_text": record({"text": string(1, most)}, {"emoji": boolean}),
            "mrkdwn": record({"text": string(1, most)}, {"verbatim": boolean}),
        }
    )


CONFIRM = record(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
PLAIN_OPTION = record(
    {"text": plain_text(75), "value": string(1, 150)}, {"description": plain_text(75), "url": string(1, 3000)}
)
ANY_OPTION = record({"text": any_text(75), "value": string(1, 150)}, {"description": any_text(75)})
OPTION_GROUP = record({"label": plain_text(75), "options": array(PLAIN_OPTION)})
DISPATCH = record({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})
_COMMON = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
_PLACED = {**_COMMON, "placeholder": plain_text(150)}
_TYPED = {
    "action_id": ACTION_ID,
    "placeholder": plain_text(150),
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
}


def _options_or_groups(report: Report, pointer: str, value: Any) -> None:
    if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
        report.add(pointer, "must have exactly one of options and option_groups")


def _distinct_values(report: Report, pointer: str, value: Any) -> None:
    options = value.get("options") if isinstance(value, dict) else None
    values = [one.get("value") for one in options or [] if isinstance(one, dict)]
    if len(values) != len(set(map(str, values))):
        report.add(f"{pointer}/options", "option values must be unique")


def _static(extra: dict[str, Check]) -> Check:
    shape = record(
        {}, {**_PLACED, "options": array(PLAIN_OPTION), "option_groups": array(OPTION_GROUP), **extra}
    )
    return both(shape, _options_or_groups, _distinct_values)


_MANY = {"max_selected_items": whole(1, 10_000)}
_URLS = {"response_url_enabled": boolean}
_CONVERSATIONS = {"default_to_current_conversation": boolean, "filter": anything}

ELEMENTS: dict[str, Check] = {
    "button": record(
        {"text": plain_text(75)},
        {
            "action_id": ACTION_ID,
            "value": string(0, 2000),
            "url": string(1, 3000),
            "confirm": CONFIRM,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(1, 75),
        },
    ),
    "static_select": _static({"initial_option": PLAIN_OPTION}),
    "multi_static_select": _static({"initial_options": array(PLAIN_OPTION), **_MANY}),
    "external_select": record(
        {}, {**_PLACED, "initial_option": PLAIN_OPTION, "min_query_length": whole(0, 100)}
    ),
    "multi_external_select": record(
        {}, {**_PLACED, "initial_options": array(PLAIN_OPTION), "min_query_length": whole(0, 100), **_MANY}
    ),
    "users_select": record({}, {**_PLACED, "initial_user": string()}),
    "multi_users_select": record({}, {**_PLACED, "initial_users": array(string()), **_MANY}),
    "conversations_select": record(
        {}, {**_PLACED, **_CONVERSATIONS, **_URLS, "initial_conversation": string()}
    ),
    "multi_conversations_select": record(
        {}, {**_PLACED, **_CONVERSATIONS, **_MANY, "initial_conversations": array(string())}
    ),
    "channels_select": record({}, {**_PLACED, **_URLS, "initial_channel": string()}),
    "multi_channels_select": record({}, {**_PLACED, **_MANY, "initial_channels": array(string())}),
    "overflow": both(
        record({"options": array(PLAIN_OPTION, 1, 5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}),
        _distinct_values,
    ),
    "datepicker": record({}, {**_PLACED, "initial_date": string(10, 10)}),
    "timepicker": record({}, {**_PLACED, "initial_time": string(5, 5), "timezone": string()}),
    "datetimepicker": record({}, {**_COMMON, "initial_date_time": whole(1_000_000_000, 9_999_999_999)}),
    "checkboxes": both(
        record(
            {"options": array(ANY_OPTION, 1, 10)}, {**_COMMON, "initial_options": array(ANY_OPTION, 1, 10)}
        ),
        _distinct_values,
    ),
    "radio_buttons": both(
        record({"options": array(ANY_OPTION, 1, 10)}, {**_COMMON, "initial_option": ANY_OPTION}),
        _distinct_values,
    ),
    "workflow_button": record(
        {"text": plain_text(75), "workflow": anything, "action_id": ACTION_ID},
        {"style": one_of("primary", "danger"), "accessibility_label": string(1, 75)},
    ),
    "image": record({"alt_text": string(1, 2000)}, {"image_url": string(1, 3000), "slack_file": anything}),
    "plain_text_input": record(
        {},
        {
            **_TYPED,
            "initial_value": string(0, 3000),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
    ),
    "email_text_input": record({}, {**_TYPED, "initial_value": string(0, 3000)}),
    "url_text_input": record({}, {**_TYPED, "initial_value": string(0, 3000)}),
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": string(0, 100), "min_value": string(1, 100), "max_value": string(1, 100)},
    ),
    "rich_text_input": record({}, {**_TYPED, "initial_value": anything}),
    "file_input": record(
        {}, {"action_id": ACTION_ID, "filetypes": array(string()), "max_files": whole(1, 10)}
    ),
}


def elements(*kinds: str) -> Check:
    """Any of the named elements."""
    return by_type({kind: ELEMENTS[kind] for kind in kinds})


_SELECTS = tuple(kind for kind in ELEMENTS if kind.endswith("_select"))
_PICKERS = ("datepicker", "timepicker", "checkboxes", "radio_buttons")
IN_SECTION = elements("button", "image", "overflow", "workflow_button", *_SELECTS, *_PICKERS)
IN_ACTIONS = elements(
    "button", "overflow", "workflow_button", "datetimepicker", "rich_text_input", *_SELECTS, *_PICKERS
)
IN_INPUT = elements(
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *_SELECTS,
    *_PICKERS,
)
IN_CONTEXT = by_type(
    {
        "image": ELEMENTS["image"],
        "plain_text": record({"text": string(1, 3000)}, {"emoji": boolean}),
        "mrkdwn": record({"text": string(1, 3000)}, {"verbatim": boolean}),
    }
)
