package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewerSchema means that a later release has migrated the file to a schema
// that this program cannot work on.
var ErrNewerSchema = errors.New("the database was made by a newer release of madoguchi")

// ErrOlderSchema means that the file waits for a migration that its server has
// not made yet.
var ErrOlderSchema = errors.New("the database has an older schema; start the server or run madoguchi migrate first")

// SchemaVersion is the version that this program makes: the number of migrations.
func SchemaVersion() int {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return len(names)
}

// Schema says which migrations a file has had.
type Schema struct {
	Version int
	// ReadableFrom is the version that a program must know at least to work on
	// the file; it may know fewer than the file has.
	ReadableFrom int
}

// Schema is what the file had when it was opened.
func (s *Store) Schema() Schema { return s.schema }

// migrate brings the file to SchemaVersion, one transaction a step, forward
// only. A file that a later release has only expanded is left as it is.
func migrate(ctx context.Context, conn *sql.Conn) error {
	have, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for version := have + 1; version <= len(names); version++ {
		script, err := fs.ReadFile(migrations, names[version-1])
		if err != nil {
			return err
		}
		step := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT", script, version)
		if _, err := conn.ExecContext(ctx, step); err != nil {
			// The failing step may or may not have left a transaction open.
			_, rollback := conn.ExecContext(ctx, "ROLLBACK")
			return errors.Join(fmt.Errorf("migrate to version %d (%s): %w", version, names[version-1], err), rollback)
		}
	}
	return nil
}

// readSchema looks whether this program can work on the file as it is.
func readSchema(ctx context.Context, conn *sql.Conn) (Schema, error) {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return Schema{}, err
	}
	s := Schema{Version: version}
	known := SchemaVersion()
	if version < known {
		return s, ErrOlderSchema
	}
	err = conn.QueryRowContext(ctx, "SELECT readable_from FROM store_state").Scan(&s.ReadableFrom)
	switch {
	case err != nil && version > known:
		return s, fmt.Errorf("%w: it has version %d, this program knows %d; which programs can go on is not said: %w", ErrNewerSchema, version, known, err)
	case err != nil:
		return s, fmt.Errorf("read schema version: %w", err)
	case s.ReadableFrom > known:
		return s, fmt.Errorf("%w: it has version %d and needs a program that knows %d; this one knows %d", ErrNewerSchema, version, s.ReadableFrom, known)
	}
	return s, nil
}

func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return have, nil
}

// lastCommit reads the newest commit's number, which every group commit raises.
func lastCommit(ctx context.Context, c *connection) (Commit, error) {
	last, err := One[Commit](&Tx{ctx: ctx, c: c}, `SELECT commit_seq, committed_at FROM store_state`)
	if err != nil {
		return Commit{}, fmt.Errorf("read last commit: %w", err)
	}
	return last, nil
}
