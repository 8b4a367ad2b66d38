-- Answers of Responses that a later request may go on from, by the client key that asked for them ('' where none is
-- needed): what was put in and what came out as arrays of items, and the answer as the client saw it. Rows past their
-- time are as good as gone; the sweep takes them away.
CREATE TABLE responses (
    owner     TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    input     TEXT    NOT NULL,
    output    TEXT    NOT NULL,
    response  TEXT    NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT;

CREATE INDEX responses_by_expiry ON responses (expires_s);

PRAGMA user_version = 2;
