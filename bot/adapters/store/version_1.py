"""The tables as version 1 made them, with the words of that day written out. Frozen: what is learnt later is
a later version.

Times are integer microseconds since 1970 in UTC, lengths of time integer microseconds; JSON is text. `id`
counts up and is never used again where something outlives its row (notices).
"""

from __future__ import annotations

TABLES = (
    """
CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  action TEXT NOT NULL CHECK (action IN ('share', 'unshare')),
  requester_team TEXT NOT NULL,
  requester_user TEXT NOT NULL,
  channel TEXT NOT NULL,
  text TEXT NOT NULL,
  image_refs TEXT NOT NULL,
  project_refs TEXT NOT NULL,
  reason TEXT NOT NULL,
  duration INTEGER,
  state TEXT NOT NULL CHECK (state IN ('planning', 'planned', 'refused', 'expired', 'cancelled', 'ended')),
  created_at INTEGER NOT NULL,
  dedupe_key TEXT NOT NULL UNIQUE,
  response_url TEXT,
  card_channel TEXT,
  refusal TEXT NOT NULL,
  parent INTEGER REFERENCES requests (id),
  version INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE lanes (
  id TEXT NOT NULL PRIMARY KEY,
  request INTEGER NOT NULL REFERENCES requests (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('holding', 'awaiting_approval', 'approved', 'submitting', 'unknown',
  'running', 'verifying', 'stuck', 'succeeded', 'partly_succeeded', 'failed', 'rejected', 'expired',
  'cancelled', 'denied')), verdict TEXT NOT NULL, plan_hash TEXT NOT NULL, created_at INTEGER NOT NULL,
  deadline INTEGER, reminders TEXT NOT NULL, note TEXT NOT NULL, ended_at INTEGER, version INTEGER NOT NULL,
  UNIQUE (request, number), CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'partly_succeeded',
  'failed', 'rejected', 'expired', 'cancelled', 'denied'))) ) STRICT """,
    """
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  lane TEXT NOT NULL REFERENCES lanes (id),
  action TEXT NOT NULL CHECK (action IN ('share', 'unshare')),
  images TEXT NOT NULL,
  projects TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'submitting', 'running', 'verifying', 'unknown', 'stuck',
  'done')), created_at INTEGER NOT NULL, cloud_job TEXT, submitted_at INTEGER, polled_at INTEGER, verdict TEXT
  NOT NULL, said_ok INTEGER CHECK (said_ok IN (0, 1)), submits INTEGER NOT NULL, reads INTEGER NOT NULL,
  cloud_request_id TEXT NOT NULL, version INTEGER NOT NULL ) STRICT """,
    """
CREATE TABLE members (
  id INTEGER PRIMARY KEY,
  lane TEXT NOT NULL REFERENCES lanes (id),
  image TEXT NOT NULL,
  project TEXT NOT NULL,
  image_facts TEXT NOT NULL,
  project_facts TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'done', 'nothing_to_do', 'failed', 'not_run')),
  detail TEXT NOT NULL,
  cloud_status TEXT NOT NULL,
  shared_until INTEGER,
  job INTEGER REFERENCES jobs (id),
  UNIQUE (lane, image, project)
) STRICT
""",
    """
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY,
  lane TEXT NOT NULL REFERENCES lanes (id),
  team TEXT NOT NULL,
  user TEXT NOT NULL,
  approve INTEGER NOT NULL CHECK (approve IN (0, 1)),
  plan_hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  groups TEXT NOT NULL,
  UNIQUE (lane, team, user)
) STRICT
""",
    """
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('click', 'who', 'why', 'dry_run')),
  dedupe_key TEXT NOT NULL UNIQUE,
  team TEXT NOT NULL,
  user TEXT NOT NULL,
  channel TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  response_url TEXT,
  handled_at INTEGER
) STRICT
""",
    """
CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('card', 'thread', 'private', 'direct', 'channel')),
  request INTEGER REFERENCES requests (id),
  created_at INTEGER NOT NULL,
  message TEXT,
  channel TEXT,
  user TEXT,
  response_url TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'unsure', 'delivered', 'given_up')),
  delivered_at INTEGER,
  CHECK ((kind = 'card') = (message IS NULL)),
  CHECK (kind != 'card' OR request IS NOT NULL)
) STRICT
""",
    """
CREATE TABLE cards (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL REFERENCES requests (id),
  channel TEXT NOT NULL,
  ts TEXT NOT NULL,
  UNIQUE (request, channel, ts)
) STRICT
""",
    """
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor_team TEXT,
  actor_user TEXT,
  request INTEGER,
  lane TEXT,
  data TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  CHECK ((actor_team IS NULL) = (actor_user IS NULL))
) STRICT
""",
    """
CREATE TABLE due (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('plan', 'inbox', 'answer', 'start', 'submit', 'poll', 'verify', 'deliver',
  'deadline', 'remind', 'take_back')), subject TEXT NOT NULL, at INTEGER NOT NULL, claim TEXT, claimed_until
  INTEGER, attempts INTEGER NOT NULL, again INTEGER, UNIQUE (kind, subject), CHECK ((claim IS NULL) =
  (claimed_until IS NULL)), CHECK (again IS NULL OR claim IS NOT NULL) ) STRICT """,
)

INDEXES = (
    "CREATE INDEX requests_by_person ON requests (requester_team, requester_user)",
    "CREATE INDEX requests_by_state ON requests (state, requester_team, requester_user)",
    "CREATE INDEX requests_by_parent ON requests (parent) WHERE parent IS NOT NULL",
    "CREATE INDEX jobs_by_lane ON jobs (lane)",
    "CREATE INDEX jobs_by_state ON jobs (state)",
    "CREATE INDEX members_by_pair ON members (image, project, outcome)",
    "CREATE INDEX notices_by_thread ON notices (request, state)",
    "CREATE UNIQUE INDEX one_pending_card ON notices (request) WHERE kind = 'card' AND state = 'pending'",
    "CREATE INDEX events_by_request ON events (request) WHERE request IS NOT NULL",
    "CREATE INDEX due_free ON due (kind, at) WHERE claim IS NULL",
    "CREATE INDEX due_claimed ON due (kind, claimed_until) WHERE claim IS NOT NULL",
)

TRIGGERS = (
    """
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
""",
    """
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
""",
    """
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
""",
)

STATEMENTS = TABLES + INDEXES + TRIGGERS
