-- Cards that come by a list (torn sheets) belong to a delivery as those read by
-- their codes do.
ALTER TABLE roll_file ADD COLUMN batch_id INTEGER REFERENCES batch (id);

CREATE INDEX roll_file_batch ON roll_file (batch_id) WHERE batch_id IS NOT NULL;
