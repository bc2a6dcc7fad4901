package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// RenewalGone is the answer when somebody has taken a target off the list.
var RenewalGone = problem.Define(problem.NotFound, "renewal_gone")

// RenewalTarget is a person on a renewal list (更新対象者).
type RenewalTarget struct {
	ID            int64
	Ref           store.Ref
	NoticeNumber  NoticeNumber
	ApplicationID string
	Name          string
	NameKey       string
	KanaName      string
	KanaKey       string
	Birth         jp.BirthDate
	Address       string
	ExpiresOn     jp.Date // of the card they hold
	FileID        int64   // the file that named them last
	Version       int
}

// RenewalTargets lists who is on a renewal list, by kana.
func RenewalTargets(tx *store.Tx) ([]RenewalTarget, error) {
	return store.All[RenewalTarget](tx, `SELECT id, ref, notice_number, application_id, name, name_key, kana_name, kana_key,
		birth, address, expires_on, file_id, version FROM renewal_target ORDER BY kana_key, name_key, id`)
}

// SameAs reports whether a list says the same of a person as is on record.
func (t RenewalTarget) SameAs(o RenewalTarget) bool {
	return len(t.Differs(o)) == 0
}

// Differs names the fields in which a list differs from what is on record;
// what it leaves open does not differ.
func (t RenewalTarget) Differs(list RenewalTarget) (fields []string) {
	for _, f := range []struct {
		name     string
		has, got string
	}{
		{"notice_number", string(t.NoticeNumber), string(list.NoticeNumber)}, {"application_id", t.ApplicationID, list.ApplicationID},
		{"name", t.Name, list.Name}, {"kana_name", t.KanaKey, jp.KanaKey(list.KanaName)}, {"birth", t.Birth.String(), list.Birth.String()},
		{"address", jp.Fold(t.Address), jp.Fold(list.Address)}, {"expires_on", t.ExpiresOn.String(), list.ExpiresOn.String()},
	} {
		if f.got != "" && f.got != f.has {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func (t RenewalTarget) subject() audit.Subject {
	return audit.Subject{Kind: "renewal_target", Ref: t.Ref}
}

// AddRenewalTarget puts a person on the renewal list and returns the row.
func AddRenewalTarget(tx *store.Tx, by audit.Actor, t RenewalTarget, from Place, list store.Ref) (int64, error) {
	t.Ref = store.NewRef()
	id, err := tx.Insert(`INSERT INTO renewal_target (ref, notice_number, application_id, name, name_key, kana_name, kana_key, birth, address,
		expires_on, file_id, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.Ref, string(t.NoticeNumber), t.ApplicationID, t.Name, jp.NameKey(t.Name), t.KanaName, jp.KanaKey(t.KanaName), t.Birth, t.Address,
		t.ExpiresOn, from.File, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("add renewal target: %w", err)
	}
	return id, audit.Record(tx, by, audit.RenewalAdded, t.subject(), audit.Detail{"roll_file": list})
}

func renewalTarget(tx *store.Tx, id int64, version int) (RenewalTarget, error) {
	t, err := store.One[RenewalTarget](tx, `SELECT id, ref, notice_number, application_id, name, name_key, kana_name, kana_key,
		birth, address, expires_on, file_id, version FROM renewal_target WHERE id = ?`, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return t, Stale
	case err == nil && t.Version != version:
		return t, Stale
	}
	return t, err
}

// ChangeRenewalTarget writes what a newer list says; what it leaves open stays.
// It returns the new version. Problem: Stale.
func ChangeRenewalTarget(tx *store.Tx, by audit.Actor, id int64, version int, list RenewalTarget, from Place, ref store.Ref) (int, error) {
	t, err := renewalTarget(tx, id, version)
	if err != nil {
		return 0, err
	}
	if err := keepBefore(tx, from.File, from.Number, t); err != nil {
		return 0, err
	}
	was := t
	for _, f := range t.Differs(list) {
		switch f {
		case "notice_number":
			t.NoticeNumber = list.NoticeNumber
		case "application_id":
			t.ApplicationID = list.ApplicationID
		case "name":
			t.Name = list.Name
		case "kana_name":
			t.KanaName = list.KanaName
		case "birth":
			t.Birth = list.Birth
		case "address":
			t.Address = list.Address
		case "expires_on":
			t.ExpiresOn = list.ExpiresOn
		}
	}
	t.FileID = from.File
	if err := writeRenewalTarget(tx, t); err != nil {
		return 0, err
	}
	return was.Version + 1, audit.Record(tx, by, audit.RenewalChanged, t.subject(), audit.Detail{"roll_file": ref, "fields": was.Differs(list)})
}

func writeRenewalTarget(tx *store.Tx, t RenewalTarget) error {
	_, err := tx.Exec(`UPDATE renewal_target SET notice_number = ?, application_id = ?, name = ?, name_key = ?, kana_name = ?, kana_key = ?,
		birth = ?, address = ?, expires_on = ?, file_id = ?, version = version + 1 WHERE id = ?`,
		string(t.NoticeNumber), t.ApplicationID, t.Name, jp.NameKey(t.Name), t.KanaName, jp.KanaKey(t.KanaName), t.Birth, t.Address,
		t.ExpiresOn, t.FileID, t.ID)
	if err != nil {
		return fmt.Errorf("write renewal target: %w", err)
	}
	return nil
}

// PutRenewalBack undoes AddRenewalTarget (before is nil) or
// ChangeRenewalTarget, and returns the new version. Problem: Stale.
func PutRenewalBack(tx *store.Tx, by audit.Actor, id int64, version int, before json.RawMessage, list store.Ref) (int, error) {
	t, err := renewalTarget(tx, id, version)
	if err != nil {
		return 0, err
	}
	if before == nil {
		if _, err := tx.Exec(`DELETE FROM renewal_target WHERE id = ?`, id); err != nil {
			return 0, fmt.Errorf("remove renewal target: %w", err)
		}
		return version + 1, audit.Record(tx, by, audit.RenewalRemoved, t.subject(), audit.Detail{"roll_file": list})
	}
	var was RenewalTarget
	if err := json.Unmarshal(before, &was); err != nil {
		return 0, fmt.Errorf("read record: %w", err)
	}
	was.ID = id
	if err := writeRenewalTarget(tx, was); err != nil {
		return 0, err
	}
	return version + 1, audit.Record(tx, by, audit.RenewalChanged, t.subject(), audit.Detail{"roll_file": list, "put_back": true})
}

// RenewalMark says that a finding has been dealt with (対応済み). Subject is
// "target:" or "card:" and a Ref.
type RenewalMark struct {
	Subject   string
	Note      string
	HandledAt time.Time
	HandledBy string // name
}

// RenewalMarks lists every finding that has been dealt with.
func RenewalMarks(tx *store.Tx) ([]RenewalMark, error) {
	return store.All[RenewalMark](tx, `SELECT renewal_mark.subject, renewal_mark.note, renewal_mark.handled_at, staff.name AS handled_by
		FROM renewal_mark JOIN staff ON staff.id = renewal_mark.handled_by`)
}

// MarkRenewal notes that a finding has been dealt with, or writes another note.
// Problems on "note": NoteTooLong; RenewalGone for an unknown subject.
func MarkRenewal(tx *store.Tx, by audit.Actor, subject, note string) error {
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > noteLength {
		return NoteTooLong.On("note").With("most", fmt.Sprint(noteLength))
	}
	on, err := renewalSubject(tx, subject)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO renewal_mark (subject, note, handled_at, handled_by) VALUES (?, ?, ?, ?)
		ON CONFLICT (subject) DO UPDATE SET note = excluded.note, handled_at = excluded.handled_at, handled_by = excluded.handled_by`,
		subject, note, tx.Now, by.StaffID)
	if err != nil {
		return fmt.Errorf("mark renewal: %w", err)
	}
	return audit.Record(tx, by, audit.RenewalHandled, on, nil)
}

// UnmarkRenewal puts a finding back on the list of what is to be done.
func UnmarkRenewal(tx *store.Tx, by audit.Actor, subject string) error {
	on, err := renewalSubject(tx, subject)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM renewal_mark WHERE subject = ?`, subject); err != nil {
		return fmt.Errorf("unmark renewal: %w", err)
	}
	return audit.Record(tx, by, audit.RenewalReopened, on, nil)
}

func renewalSubject(tx *store.Tx, subject string) (audit.Subject, error) {
	kind, ref, _ := strings.Cut(subject, ":")
	query := map[string]string{
		"target": `SELECT count(*) FROM renewal_target WHERE ref = ?`, "card": `SELECT count(*) FROM card WHERE ref = ?`,
	}[kind]
	if query == "" {
		return audit.Subject{}, RenewalGone
	}
	n, err := store.One[int](tx, query, ref)
	if err == nil && n == 0 {
		err = RenewalGone
	}
	if kind == "target" {
		kind = "renewal_target"
	}
	return audit.Subject{Kind: kind, Ref: store.Ref(ref)}, err
}
