"""Every sentence a person reads, as pure functions from the glossary's values to a Message. No Slack word, no mark-up.

`card` draws a request as its card, `thread` says what happened under it, `replies` answers one person privately,
`pairs` puts members and people into words.
"""
