package store

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Rule is the kind of constraint that a write broke.
type Rule string

// The kinds, by SQLite's extended result codes.
const (
	Unique     Rule = "unique"
	Check      Rule = "check"
	ForeignKey Rule = "foreign key"
	NotNull    Rule = "not null"
	Trigger    Rule = "trigger"
)

// Constraint says that the schema refused a write. Names are what the schema
// calls the thing: "table.column" for each column of a unique index or NOT
// NULL, the CHECK's name, or the word that a trigger raised.
type Constraint struct {
	Rule  Rule
	Names []string
	err   error
}

func (c *Constraint) Error() string { return c.err.Error() }
func (c *Constraint) Unwrap() error { return c.err }

// Broke reports whether err says that the constraint with this name was broken.
func Broke(err error, rule Rule, name string) bool {
	var c *Constraint
	return errors.As(err, &c) && c.Rule == rule && slices.Contains(c.Names, name)
}

var rules = map[int]Rule{
	sqlite3.SQLITE_CONSTRAINT_UNIQUE:     Unique,
	sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Unique,
	sqlite3.SQLITE_CONSTRAINT_ROWID:      Unique,
	sqlite3.SQLITE_CONSTRAINT_CHECK:      Check,
	sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: ForeignKey,
	sqlite3.SQLITE_CONSTRAINT_NOTNULL:    NotNull,
	sqlite3.SQLITE_CONSTRAINT_TRIGGER:    Trigger,
}

// constraint turns the driver's error into a *Constraint where it is one. The
// kind comes from the result code; only the name, which SQLite gives nowhere
// else, is cut out of the text.
func constraint(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	rule, ok := rules[se.Code()]
	if !ok {
		return err
	}
	text := strings.TrimSuffix(se.Error(), " ("+strconv.Itoa(se.Code())+")")
	text = strings.TrimPrefix(text, "constraint failed: ")
	if i := strings.Index(text, "constraint failed: "); i >= 0 {
		text = text[i+len("constraint failed: "):]
	}
	names := strings.Split(text, ", ")
	for i, n := range names {
		names[i] = strings.Trim(strings.TrimPrefix(n, "index "), "'")
	}
	return &Constraint{Rule: rule, Names: names, err: err}
}

// Busy reports whether err says that another connection held the file's lock
// for too long. The same again later may succeed.
func Busy(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Full reports whether err says that the disk has no room for a write.
func Full(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_FULL
}
