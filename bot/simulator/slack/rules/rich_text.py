"""What Slack takes inside a rich_text block.

Follows docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from __future__ import annotations

from bot.simulator.slack.rules.shapes import anything, array, boolean, by_type, one_of, record, string, whole

_LOOKS = ("bold", "italic", "strike", "code", "highlight", "client_highlight", "unlink", "underline")
_STYLE = {"style": record({}, dict.fromkeys(_LOOKS, boolean))}
_INLINE = by_type(
    {
        "text": record({"text": string(1, 4000)}, _STYLE),
        "link": record({"url": string(1, 3000)}, {"text": string(0, 4000), "unsafe": boolean, **_STYLE}),
        "user": record({"user_id": string()}, _STYLE),
        "usergroup": record({"usergroup_id": string()}, _STYLE),
        "channel": record({"channel_id": string()}, _STYLE),
        "team": record({"team_id": string()}, _STYLE),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}),
        "emoji": record({"name": string()}, {"unicode": string(), "url": string(1, 3000), **_STYLE}),
        "date": record(
            {"timestamp": anything, "format": string()},
            {"url": string(1, 3000), "fallback": string(0, 4000), **_STYLE},
        ),
        "color": record({"value": string()}, _STYLE),
    }
)
_BORDER = {"border": whole(0, 1)}
_SECTION = record({"elements": array(_INLINE, 0, 1000)})
RICH_TEXT_PART = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_preformatted": record(
            {"elements": array(_INLINE, 0, 1000)}, {**_BORDER, "language": string()}
        ),
        "rich_text_quote": record({"elements": array(_INLINE, 0, 1000)}, _BORDER),
        "rich_text_list": record(
            {
                "style": one_of("bullet", "ordered"),
                "elements": array(by_type({"rich_text_section": _SECTION}), 0, 1000),
            },
            {**_BORDER, "indent": whole(0, 8), "offset": whole(0, 10_000)},
        ),
    }
)
