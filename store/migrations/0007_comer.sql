-- Who will come to the counter, as the resident says; '' while nobody has said.
ALTER TABLE booking ADD COLUMN comer TEXT NOT NULL DEFAULT '' CHECK (comer IN ('', 'holder', 'guardian', 'proxy'));
