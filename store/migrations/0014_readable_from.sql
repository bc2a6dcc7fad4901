-- The oldest schema whose program can still work on this file. Migrations expand
-- only, so that the release before can go on with the file; one that takes away
-- what older programs use raises it. docs/decisions/schema.md
ALTER TABLE store_state ADD COLUMN readable_from INTEGER NOT NULL DEFAULT 14;
