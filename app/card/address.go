package card

import (
	"encoding/json"
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Known is what lists are compared with: a card and its person, without what
// no list has.
type Known struct {
	ID            ID
	Ref           store.Ref
	NoticeNumber  NoticeNumber
	ApplicationID string
	IssueKind     IssueKind
	Issued        bool
	Name          string
	NameKey       string
	KanaName      string
	KanaKey       string
	Birth         jp.BirthDate
	PostalCode    jp.PostalCode
	Address       string
	Building      string
	PersonVersion int
}

// AllKnown lists every card with its person.
func AllKnown(tx *store.Tx) ([]Known, error) {
	return store.All[Known](tx, `SELECT card.id, card.ref, card.notice_number, card.application_id, card.issue_kind,
		card.issued_at IS NOT NULL AS issued, recipient.name, recipient.name_key, recipient.kana_name, recipient.kana_key,
		recipient.birth, recipient.postal_code, recipient.address, recipient.building, recipient.version AS person_version
		FROM card JOIN recipient ON recipient.id = card.recipient_id ORDER BY card.id`)
}

// PostalAddress is where a person lives (住所), as one list said.
type PostalAddress struct {
	PostalCode jp.PostalCode
	Address    string
	Building   string // 方書
	// KeepBuilding leaves the building of a person who has not moved: the list
	// says nothing about it.
	KeepBuilding bool
}

// heldBefore is what is kept of a record that a list changed.
type heldBefore struct {
	PostalCode, Address, Building string
}

// Place names a row of a held file, for taking it back later.
type Place struct {
	File   int64
	Number int
}

// TakeAddress writes the address that a row of a list gives for a card's person
// and returns the person's new version. version is the person's when the row
// was compared. Problems: NotFound, Stale.
func TakeAddress(tx *store.Tx, by audit.Actor, id ID, version int, a PostalAddress, from Place, list store.Ref) (int, error) {
	r, err := GetByID(tx, id)
	if err != nil {
		return 0, err
	}
	if r.PersonVersion != version {
		return 0, Stale
	}
	if jp.Fold(r.Address) == jp.Fold(a.Address) {
		if a.KeepBuilding {
			a.Building = r.Building
		}
		if a.PostalCode == "" {
			a.PostalCode = r.PostalCode
		}
	}
	if err := keepBefore(tx, from.File, from.Number, heldBefore{string(r.PostalCode), r.Address, r.Building}); err != nil {
		return 0, err
	}
	if err := writeAddress(tx, r.RecipientID, a); err != nil {
		return 0, err
	}
	return r.PersonVersion + 1, audit.Record(tx, by, audit.AddressTaken, r.Subject(), audit.Detail{"roll_file": list})
}

func writeAddress(tx *store.Tx, recipientID int64, a PostalAddress) error {
	_, err := tx.Exec(`UPDATE recipient SET postal_code = ?, address = ?, building = ?, version = version + 1 WHERE id = ?`,
		string(a.PostalCode), a.Address, a.Building, recipientID)
	if err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	return nil
}

// PutAddressBack writes the address from before a row was applied and returns
// the person's new version. version is the person's after applying. Problems: NotFound, Stale when someone has
// corrected the person since.
func PutAddressBack(tx *store.Tx, by audit.Actor, id ID, version int, before json.RawMessage, list store.Ref) (int, error) {
	r, err := GetByID(tx, id)
	if err != nil {
		return 0, err
	}
	if r.PersonVersion != version {
		return 0, Stale
	}
	var b heldBefore
	if err := json.Unmarshal(before, &b); err != nil {
		return 0, fmt.Errorf("read record: %w", err)
	}
	if err := writeAddress(tx, r.RecipientID, PostalAddress{PostalCode: jp.PostalCode(b.PostalCode), Address: b.Address, Building: b.Building}); err != nil {
		return 0, err
	}
	return version + 1, audit.Record(tx, by, audit.AddressPutBack, r.Subject(), audit.Detail{"roll_file": list})
}

// Unregister removes a card and its person that a list put on record, as long
// as nothing else refers to them. Problem: Stale when something does, or the
// card was issued or changed.
func Unregister(tx *store.Tx, by audit.Actor, id ID, version int, list store.Ref) error {
	r, err := GetByID(tx, id)
	if errors.Is(err, NotFound) {
		return Stale
	}
	if err != nil {
		return err
	}
	used, err := referredTo(tx, "card", int64(id), "reading")
	if err != nil {
		return err
	}
	if used || r.Issued() || r.PersonVersion != version {
		return Stale
	}
	if used, err = referredTo(tx, "recipient", r.RecipientID, "card"); err != nil {
		return err
	}
	if used {
		return Stale
	}
	for _, q := range []struct {
		query string
		id    int64
	}{
		{`DELETE FROM reading WHERE card_id = ?`, int64(id)},
		{`DELETE FROM card WHERE id = ?`, int64(id)},
		{`DELETE FROM recipient WHERE id = ?`, r.RecipientID},
	} {
		if _, err := tx.Exec(q.query, q.id); err != nil {
			return fmt.Errorf("unregister card: %w", err)
		}
	}
	return audit.Record(tx, by, audit.CardUnregistered, r.Subject(), audit.Detail{"roll_file": list})
}

// referredTo reports whether any table but one refers to a row, as the schema itself
// knows.
func referredTo(tx *store.Tx, table string, id int64, but string) (bool, error) {
	type reference struct{ Table, Column string }
	all, err := store.All[reference](tx, `SELECT m.name AS "table", f."from" AS "column"
		FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND f."table" = ?`, table)
	if err != nil {
		return false, err
	}
	for _, r := range all {
		if r.Table == but {
			continue
		}
		n, err := store.One[int](tx, `SELECT EXISTS (SELECT 1 FROM "`+r.Table+`" WHERE "`+r.Column+`" = ?)`, id)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}
