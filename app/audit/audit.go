// Package audit keeps the audit log (監査ログ): every domain write leaves one
// entry in the same transaction; entries are never changed (the schema refuses).
// Entries carry references, never names, numbers of notices or anything typed.
package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"madoguchi/store"
)

// ActorKind tells who acted.
type ActorKind string

// The kinds of actor (操作者).
const (
	Resident ActorKind = "resident"
	Staff    ActorKind = "staff"
	System   ActorKind = "system"
)

// Actor is who does a write (操作者): a resident by the card's Ref, a member of
// staff by the account's Ref, or a command of the program by its name.
type Actor struct {
	Kind    ActorKind
	Ref     store.Ref
	StaffID int64  // the account's row, for columns that say who did it; 0 unless Kind is Staff
	Request string // request number, to find the log lines of the same request
}

// Command is the actor for a sub-command of the program, such as "demo".
func Command(name string) Actor {
	return Actor{Kind: System, Ref: store.Ref(name), Request: "-"}
}

// Subject is what was written.
type Subject struct {
	Kind string // table name: card, booking, staff, …
	Ref  store.Ref
}

// Detail is what else is worth knowing: references, states and counts only.
type Detail map[string]any

// Entry is one line of the log.
type Entry struct {
	ID          int64
	At          time.Time
	ActorKind   ActorKind
	Actor       store.Ref
	Request     string
	Action      Action
	SubjectKind string
	Subject     store.Ref
	Detail      string
}

// Record adds an entry in the caller's transaction.
func Record(tx *store.Tx, by Actor, action Action, on Subject, detail Detail) error {
	if detail == nil {
		detail = Detail{}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	_, err = tx.Exec(`INSERT INTO audit (at, actor_kind, actor, request, action, subject_kind, subject, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		tx.Now, by.Kind, by.Ref, by.Request, action, on.Kind, on.Ref, string(text))
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

// Of returns the entries about one subject, newest first.
func Of(tx *store.Tx, on Subject) ([]Entry, error) {
	return store.All[Entry](tx, `SELECT id, at, actor_kind, actor, request, action, subject_kind, subject, detail
		FROM audit WHERE subject_kind = ? AND subject = ? ORDER BY id DESC`, on.Kind, on.Ref)
}

// Made returns the entries that one request has made in the write of an
// instant, oldest first. One range of the index on the instant.
func Made(tx *store.Tx, request string, at time.Time) ([]Entry, error) {
	return store.All[Entry](tx, `SELECT id, at, actor_kind, actor, request, action, subject_kind, subject, detail
		FROM audit WHERE at = ? AND request = ? ORDER BY id`, at, request)
}
