package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tx is a transaction in which domain operations run. Everything done through
// one Tx happens at the one instant Now.
type Tx struct {
	// Now is the instant of the transaction (UTC, milliseconds). Domain code
	// asks no other clock.
	Now time.Time

	ctx      context.Context
	c        *connection
	store    *Store
	writable bool
}

// Confirmed reports whether what was written at an instant is confirmed by the
// second place, or needs no confirmation. What is not is provisional (仮受付).
func (tx *Tx) Confirmed(at time.Time) bool { return tx.store.Confirmed(at) }

// connection is a database connection with its prepared statements. The
// statements of this program are a fixed set, so the cache needs no limit.
type connection struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newConnection(conn *sql.Conn) *connection {
	return &connection{conn: conn, stmts: map[string]*sql.Stmt{}}
}

func (c *connection) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.conn.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	c.stmts[query] = st
	return st, nil
}

// exec runs a statement with one RETURNING value.
func (c *connection) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := c.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	var n int64
	return n, st.QueryRowContext(ctx, args...).Scan(&n)
}

func (c *connection) rollback() error {
	if _, err := c.conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

func (c *connection) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

var errNoTransaction = errors.New("the transaction has ended")

func (tx *Tx) statement(query string) (*sql.Stmt, error) {
	if tx.c == nil {
		return nil, errNoTransaction
	}
	return tx.c.prepare(tx.ctx, query)
}

// Exec runs a statement and returns how many rows it changed. A broken
// constraint comes back as *Constraint.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	res, err := tx.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Insert runs an INSERT and returns the new row's number. A broken constraint
// comes back as *Constraint.
func (tx *Tx) Insert(query string, args ...any) (int64, error) {
	res, err := tx.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (tx *Tx) run(query string, args []any) (sql.Result, error) {
	st, err := tx.statement(query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(tx.ctx, arguments(args)...)
	if err != nil {
		return nil, constraint(err)
	}
	return res, nil
}

// All returns every row of a query. T is a struct whose fields take the
// columns of the same name (`BornOn` takes born_on, a `db:"…"` tag names
// another), or a single value.
func All[T any](tx *Tx, query string, args ...any) (_ []T, err error) {
	st, err := tx.statement(query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(tx.ctx, arguments(args)...)
	if err != nil {
		return nil, constraint(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []T
	scan, err := scanner[T](rows)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var v T
		if err := scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// One returns the first row of a query, or ErrNotFound.
func One[T any](tx *Tx, query string, args ...any) (T, error) {
	all, err := All[T](tx, query, args...)
	if err != nil || len(all) == 0 {
		var zero T
		if err == nil {
			err = ErrNotFound
		}
		return zero, err
	}
	return all[0], nil
}
