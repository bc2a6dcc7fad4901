package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Integrity looks the whole file through, as SQLite can: its pages, its
// indexes, every NOT NULL, CHECK and reference. It returns what is wrong,
// nothing if all is well. It reads every page, so it takes about a second for
// 100 MB; writes go on meanwhile.
//
// It uses a connection of its own that could write: SQLite does not even load
// the CHECK rules of a file that it opened read-only, and so finds nothing
// wrong with them.
func (s *Store) Integrity(ctx context.Context) (_ []string, err error) {
	db, err := sql.Open("sqlite", dsn(s.path, "rw"))
	if err != nil {
		return nil, fmt.Errorf("open for looking through: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open for looking through: %w", err)
	}
	c := newConnection(conn)
	defer func() { err = errors.Join(err, c.close()) }()
	tx := &Tx{Now: s.Now(), ctx: ctx, c: c, store: s}
	found, err := All[string](tx, `PRAGMA integrity_check`)
	if err != nil {
		return nil, fmt.Errorf("look the file through: %w", err)
	}
	if len(found) == 1 && found[0] == "ok" {
		found = nil
	}
	orphans, err := All[string](tx, `SELECT format('%d rows of %s refer to rows of %s that are missing', count(*), "table", parent)
		FROM pragma_foreign_key_check GROUP BY "table", parent`)
	if err != nil {
		return nil, fmt.Errorf("look references through: %w", err)
	}
	return append(found, orphans...), nil
}
