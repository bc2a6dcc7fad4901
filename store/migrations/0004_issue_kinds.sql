-- Kinds of issue (交付区分) are the town's data. J-LIS's own list of codes is not
-- public; which code of a list means which kind is in the payload profile.
--   needs_booking  0: the card goes out by post or over the counter at any time,
--                  so residents do not book and nobody is chased for a booking
--   renewal        counted as a renewal (更新) when lists are compared
--   fee            what the resident pays, in words; '' for nothing
--   wording        what staff tell the resident about this kind; '' for nothing
CREATE TABLE issue_kind (
  code          TEXT PRIMARY KEY CHECK (code <> '' AND code NOT GLOB '*[^a-z0-9_]*'),
  name          TEXT NOT NULL UNIQUE CHECK (name <> ''),
  needs_booking INTEGER NOT NULL DEFAULT 1 CHECK (needs_booking IN (0, 1)),
  renewal       INTEGER NOT NULL DEFAULT 0 CHECK (renewal IN (0, 1)),
  fee           TEXT NOT NULL DEFAULT '',
  wording       TEXT NOT NULL DEFAULT '',
  position      INTEGER NOT NULL,
  retired_at    TEXT,
  version       INTEGER NOT NULL DEFAULT 1,
  -- What no list says must have a kind too.
  CHECK (code <> 'unknown' OR retired_at IS NULL)
) STRICT;
INSERT INTO issue_kind (code, name, needs_booking, renewal, fee, wording, position) VALUES
  ('new', '新規', 1, 0, '', '', 1),
  ('renewal', '更新', 1, 1, '', 'いまのマイナンバーカードと引き換えに交付します。', 2),
  ('reissue', '再交付', 1, 0, '理由により手数料がかかります', '', 3),
  ('express', '特急', 0, 0, '再交付のときは手数料がかかります', 'カードは書留で自宅に届くため、受け取りの予約は要りません。', 4),
  ('page_full', '追記欄満欄', 1, 0, '', 'いまのマイナンバーカードと引き換えに交付します。', 5),
  ('stay_changed', '在留期間変更', 1, 0, '', '', 6),
  ('from_abroad', '国外転入', 1, 0, '', '', 7),
  ('infant', '1歳未満', 1, 0, '', '顔写真のないカードです。法定代理人と一緒に交付します。', 8),
  ('unknown', '区分不明', 1, 0, '', '', 99);
CREATE TRIGGER issue_kind_is_kept BEFORE DELETE ON issue_kind BEGIN SELECT RAISE(ABORT, 'issue_kind_is_kept'); END;
CREATE TRIGGER card_issue_kind_known BEFORE INSERT ON card WHEN NOT EXISTS (SELECT 1 FROM issue_kind WHERE code = NEW.issue_kind)
BEGIN SELECT RAISE(ABORT, 'issue_kind_unknown'); END;
CREATE TRIGGER card_issue_kind_stays_known BEFORE UPDATE OF issue_kind ON card WHEN NOT EXISTS (SELECT 1 FROM issue_kind WHERE code = NEW.issue_kind)
BEGIN SELECT RAISE(ABORT, 'issue_kind_unknown'); END;
