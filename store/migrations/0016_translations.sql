-- What the town has written in Japanese, in another language (訳). A translation
-- belongs to the words themselves: where the town changes them, it no longer
-- stands, and the Japanese is shown until somebody has translated it anew.
CREATE TABLE translation (
  original TEXT NOT NULL CHECK (original <> ''),
  lang     TEXT NOT NULL CHECK (lang IN ('ja-easy', 'en', 'vi', 'id')),
  text     TEXT NOT NULL CHECK (text <> ''),
  PRIMARY KEY (original, lang)
) STRICT, WITHOUT ROWID;
CREATE INDEX translation_lang ON translation (lang);
