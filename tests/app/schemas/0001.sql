BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE cards (
	holder VARCHAR(80) NOT NULL, 
	kata VARCHAR(64) NOT NULL, 
	due FLOAT NOT NULL, 
	version INTEGER NOT NULL, 
	state JSON NOT NULL, 
	CONSTRAINT pk_cards PRIMARY KEY (holder, kata)
);
INSERT INTO "cards" VALUES('local','mha_what',4.5,1,'{"card_id": 1}');
CREATE TABLE draft_events (
	id INTEGER NOT NULL, 
	holder VARCHAR(80) NOT NULL, 
	owner VARCHAR(36), 
	session VARCHAR(36), 
	kata VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	device VARCHAR(40) NOT NULL, 
	kind VARCHAR(12) NOT NULL, 
	at FLOAT NOT NULL, 
	typed_at FLOAT, 
	changes JSON, 
	text TEXT, 
	digest VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_draft_events PRIMARY KEY (id), 
	CONSTRAINT ck_draft_events_content CHECK (changes IS NOT NULL OR text IS NOT NULL), 
	CONSTRAINT uq_draft_events_holder_kata_version UNIQUE (holder, kata, version)
);
INSERT INTO "draft_events" VALUES(1,'local',NULL,NULL,'masked_softmax',1,'tab','edit',1.5,1.25,'[[0, "x"], 3]','xabc','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO "draft_events" VALUES(2,'local',NULL,NULL,'masked_softmax',2,'tab','edit',2.5,NULL,'[[1], 3]',NULL,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	holder VARCHAR(80) NOT NULL, 
	owner VARCHAR(36), 
	session VARCHAR(36), 
	kata VARCHAR(64), 
	kind VARCHAR(24) NOT NULL, 
	at FLOAT NOT NULL, 
	form_key VARCHAR(64), 
	payload JSON NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT uq_events_holder_form_key UNIQUE (holder, form_key)
);
INSERT INTO "events" VALUES(1,'local',NULL,NULL,'masked_softmax','hint',3.5,NULL,'{"n": 1}');
CREATE TABLE preferences (
	holder VARCHAR(80) NOT NULL, 
	"values" JSON NOT NULL, 
	CONSTRAINT pk_preferences PRIMARY KEY (holder)
);
INSERT INTO "preferences" VALUES('local','{"lang": "zh"}');
CREATE TABLE secrets (
	name VARCHAR(40) NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT pk_secrets PRIMARY KEY (name)
);
INSERT INTO "secrets" VALUES('forms',X'00016B6579');
CREATE TABLE submissions (
	id VARCHAR(32) NOT NULL, 
	holder VARCHAR(80) NOT NULL, 
	owner VARCHAR(36), 
	session VARCHAR(36), 
	kata VARCHAR(64) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	code TEXT NOT NULL, 
	code_digest VARCHAR(64) NOT NULL, 
	snippet TEXT, 
	form_key VARCHAR(64), 
	created FLOAT NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	priority INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	token VARCHAR(32), 
	claimed FLOAT, 
	finished FLOAT, 
	verdict VARCHAR(16), 
	score FLOAT, 
	report TEXT, 
	fault TEXT, 
	CONSTRAINT pk_submissions PRIMARY KEY (id), 
	CONSTRAINT uq_submissions_holder_form_key UNIQUE (holder, form_key)
);
INSERT INTO "submissions" VALUES('00000000000000000000000000000000','local',NULL,NULL,'masked_softmax','grade','注意力 = ''😀''
','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd',NULL,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',1795843797.25,'done',-1,2,NULL,1795843798.5,1795843799.75,'failed',87.5,'{"schema_version": 1}','the worker ended while it was being judged');
INSERT INTO "submissions" VALUES('11111111111111111111111111111111','session:7','account','7','masked_softmax','try','x','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','f(1)',NULL,1795843797.5,'running',0,1,'tttttttttttttttttttttttttttttttt',1795843798.5,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX ix_cards_holder_due ON cards (holder, due);
CREATE INDEX ix_events_holder_kata_at ON events (holder, kata, at);
CREATE INDEX ix_events_holder_kind_at ON events (holder, kind, at);
CREATE INDEX ix_submissions_holder_created ON submissions (holder, created);
CREATE INDEX ix_submissions_holder_kata_created ON submissions (holder, kata, created);
CREATE INDEX ix_submissions_holder_kind_state_kata_verdict ON submissions (holder, kind, state, kata, verdict);
CREATE INDEX ix_submissions_state_priority_created ON submissions (state, priority, created);
COMMIT;
