-- The picture at the top of the sites (ロゴ), drawn anew as PNG. What pages say of
-- it is the setting look.logo.
CREATE TABLE logo (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 8192)
) STRICT;
