-- A database of version 1 with rows in every table, as `.dump` of SQLite's shell writes it. Frozen, as version 1 is.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'imagebot','version_1','2026-03-01 12:00:00.000000+00:00');
CREATE TABLE cards (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL REFERENCES requests (id),
  channel TEXT NOT NULL,
  ts TEXT NOT NULL,
  UNIQUE (request, channel, ts)
) STRICT
;
INSERT INTO "cards" VALUES(1,1,'C1','1772366401.000100');
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
;
INSERT INTO "decisions" VALUES(1,'1.1','T1','ULEAD',1,'0123abcd',1772366400123456,'','["platform-leads"]');
CREATE TABLE due (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('plan', 'inbox', 'answer', 'start', 'submit', 'poll', 'verify', 'deliver',
  'deadline', 'remind', 'take_back')), subject TEXT NOT NULL, at INTEGER NOT NULL, claim TEXT, claimed_until
  INTEGER, attempts INTEGER NOT NULL, again INTEGER, UNIQUE (kind, subject), CHECK ((claim IS NULL) =
  (claimed_until IS NULL)), CHECK (again IS NULL OR claim IS NOT NULL) ) STRICT ;
INSERT INTO "due" VALUES(1,'deliver','1',1772366400123456,'worker-1',1772366460123456,1,NULL);
INSERT INTO "due" VALUES(2,'deliver','2',1772366400123456,NULL,NULL,0,NULL);
INSERT INTO "due" VALUES(3,'poll','1',1772366580123456,NULL,NULL,0,NULL);
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
;
INSERT INTO "events" VALUES(1,1772366400123456,'request_received','T1','UANNA',1,NULL,'{"text":"share base-ubuntu-24 to shop-dev, shop-prod for 30d because CHG-1042"}','0000000000000000000000000000000000000000000000000000000000000000','09dd40caded6faaa7a869ba646d9d61243852ef68b9a6c83979059bc18624344');
INSERT INTO "events" VALUES(2,1772366460123456,'decision_recorded','T1','ULEAD',1,'1.1','{"approve":true,"groups":["platform-leads"]}','09dd40caded6faaa7a869ba646d9d61243852ef68b9a6c83979059bc18624344','364cc0afe848c68f9af1040e9939d6edbe30033c2d4c6120fe7581cc8d83789b');
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
;
INSERT INTO "inbox" VALUES(1,'click','T1.click.1','T1','ULEAD','C1',1772366400123456,'{"click":"approve","lane":"1.1","plan_hash":"0123abcd"}',NULL,1772366460123456);
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  lane TEXT NOT NULL REFERENCES lanes (id),
  action TEXT NOT NULL CHECK (action IN ('share', 'unshare')),
  images TEXT NOT NULL,
  projects TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'submitting', 'running', 'verifying', 'unknown', 'stuck',
  'done')), created_at INTEGER NOT NULL, cloud_job TEXT, submitted_at INTEGER, polled_at INTEGER, verdict TEXT
  NOT NULL, said_ok INTEGER CHECK (said_ok IN (0, 1)), submits INTEGER NOT NULL, reads INTEGER NOT NULL,
  cloud_request_id TEXT NOT NULL, version INTEGER NOT NULL ) STRICT ;
INSERT INTO "jobs" VALUES(1,'1.1','share','["11111111-2222-3333-4444-555555555555"]','["edc89b490d7d4392898e19b2deb34797"]','running',1772366400123456,'job-77',1772366520123456,NULL,'',NULL,1,0,'',0);
CREATE TABLE lanes (
  id TEXT NOT NULL PRIMARY KEY,
  request INTEGER NOT NULL REFERENCES requests (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('holding', 'awaiting_approval', 'approved', 'submitting', 'unknown',
  'running', 'verifying', 'stuck', 'succeeded', 'partly_succeeded', 'failed', 'rejected', 'expired',
  'cancelled', 'denied')), verdict TEXT NOT NULL, plan_hash TEXT NOT NULL, created_at INTEGER NOT NULL,
  deadline INTEGER, reminders TEXT NOT NULL, note TEXT NOT NULL, ended_at INTEGER, version INTEGER NOT NULL,
  UNIQUE (request, number), CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'partly_succeeded',
  'failed', 'rejected', 'expired', 'cancelled', 'denied'))) ) STRICT ;
INSERT INTO "lanes" VALUES('1.1',1,1,'running','{"outcome":"needs_approvals","requirement":{"all_of":[{"need":1,"of":["platform-leads"]},{"any_of":[{"need":2,"of":["security"]}]}]},"rules":["prod"],"self_approval":false,"why":"prod needs a lead","nearest":"","share_for":2592000000000}','0123abcd',1772366400123456,1772452800123456,'[1772368200123456,1772373600123456]','',NULL,0);
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
;
INSERT INTO "members" VALUES(1,'1.1','11111111-2222-3333-4444-555555555555','edc89b490d7d4392898e19b2deb34797','{"id":"11111111-2222-3333-4444-555555555555","name":"base-ubuntu-24","kind":"system","encrypted":false,"windows":null,"os":null,"status":"active","owner":null,"owned":true,"public":null,"marketplace":null,"size_gb":2.5,"tags":["golden"],"created_at":"2026-03-01T12:00:00.123456Z","shared_with":[]}','{"id":"edc89b490d7d4392898e19b2deb34797","name":"shop-prod","env":"prod","tenant":"self","labels":{"team":"shop"}}','pending','','',NULL,NULL);
INSERT INTO "members" VALUES(2,'1.1','11111111-2222-3333-4444-666666666666','9c61004714024f9586705d090530f9fa','{"id":"11111111-2222-3333-4444-666666666666","name":"base-ubuntu-24","kind":"system","encrypted":null,"windows":null,"os":null,"status":"active","owner":null,"owned":true,"public":null,"marketplace":null,"size_gb":2.5,"tags":["golden"],"created_at":"2026-03-01T12:00:00.123456Z","shared_with":null}','{"id":"9c61004714024f9586705d090530f9fa","name":"shop-dev","env":"dev","tenant":"self","labels":{}}','pending','','',NULL,NULL);
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
;
INSERT INTO "notices" VALUES(1,'thread',1,1772366400123456,'{"text":"Approved by ULEAD.","parts":[{"text":"Approved","type":"heading"},{"line":[{"text":"by ","style":"plain","type":"text"},{"user":"ULEAD","type":"who"},{"text":" at ","style":"plain","type":"text"},{"at":"2026-03-01T12:00:00.123456Z","type":"moment"}],"type":"paragraph"},{"lines":[[{"name":"platform-leads","usergroup":"S0LEADS","type":"group"}]],"type":"bullets"},{"line":[{"text":"plan ","style":"plain","type":"text"},{"text":"0123abcd","style":"code","type":"text"}],"type":"small"},{"type":"divider"},{"lane":"1.1","plan_hash":"0123abcd","choices":[{"click":"cancel","label":"Cancel","look":"danger","confirm":"Sure?"}],"type":"buttons"}],"lead":""}','C1',NULL,NULL,'pending',NULL);
INSERT INTO "notices" VALUES(2,'card',1,1772366400123456,NULL,'C1',NULL,NULL,'pending',NULL);
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
;
INSERT INTO "requests" VALUES(1,'share','T1','UANNA','C1','share base-ubuntu-24 to shop-dev, shop-prod for 30d because CHG-1042','["base-ubuntu-24"]','["shop-dev","shop-prod"]','CHG-1042',2592000000000,'planned',1772366400123456,'T1.1234.share',NULL,'C1','',NULL,0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX requests_by_person ON requests (requester_team, requester_user);
CREATE INDEX requests_by_state ON requests (state, requester_team, requester_user);
CREATE INDEX requests_by_parent ON requests (parent) WHERE parent IS NOT NULL;
CREATE INDEX jobs_by_lane ON jobs (lane);
CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX members_by_pair ON members (image, project, outcome);
CREATE INDEX notices_by_thread ON notices (request, state);
CREATE UNIQUE INDEX one_pending_card ON notices (request) WHERE kind = 'card' AND state = 'pending';
CREATE INDEX events_by_request ON events (request) WHERE request IS NOT NULL;
CREATE INDEX due_free ON due (kind, at) WHERE claim IS NULL;
CREATE INDEX due_claimed ON due (kind, claimed_until) WHERE claim IS NOT NULL;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('notices',2);
COMMIT;
