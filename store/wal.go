package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ownCheckpointPages is how long the WAL (4 KiB pages) grows before the store
// moves it into the database file itself. It is longer than what a replica
// leaves behind, so that the few writes of one command between two runs of the
// server stay in the WAL and the replica goes on from there.
const ownCheckpointPages = 4000

// walKeeper is what the driver's connection offers for the next function.
type walKeeper interface {
	FileControlPersistWAL(database string, mode int) (int, error)
}

// keepWALFile lets the WAL outlive the last connection. Its frames are in the
// database file by then; a replica that finds them again copies only what is
// new, and without them it would have to copy the whole database.
func keepWALFile(conn *sql.Conn) error {
	return conn.Raw(func(driver any) error {
		k, ok := driver.(walKeeper)
		if !ok {
			return errors.New("the driver cannot keep the WAL file")
		}
		if _, err := k.FileControlPersistWAL("main", 1); err != nil {
			return fmt.Errorf("keep the WAL file: %w", err)
		}
		return nil
	})
}

// LeaveWAL hands the WAL to a replica: from the next write on, the store moves
// no page out of it. Until then it bounds the WAL itself.
func (s *Store) LeaveWAL() { s.walLeft.Store(true) }

// setCheckpoints puts LeaveWAL into force on the writer's connection.
func (s *Store) setCheckpoints(ctx context.Context, pages int) error {
	if s.checkpoints == pages {
		return nil
	}
	if _, err := s.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA wal_autocheckpoint(%d)", pages)); err != nil {
		return fmt.Errorf("set checkpoints: %w", err)
	}
	s.checkpoints = pages
	return nil
}

// Checkpoint moves the whole WAL into the database file and leaves the WAL
// empty. It fails while anyone still reads. It is for a store that no replica
// follows: a replica would have to copy the whole database again.
func (s *Store) Checkpoint(ctx context.Context) (err error) {
	db, err := sql.Open("sqlite", dsn(s.path, "rw"))
	if err != nil {
		return fmt.Errorf("open for checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "PRAGMA busy_timeout(1000)"); err != nil {
		return fmt.Errorf("open for checkpoint: %w", err)
	}
	var busy, frames, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if busy != 0 {
		return fmt.Errorf("checkpoint: %d of %d frames moved, the rest is in use", moved, frames)
	}
	return nil
}
