package card

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Contact is what staff may correct of a person.
type Contact struct {
	Version                        int // the person's version on the page that was edited
	PostalCode, Address, Telephone string
	Building                       string // 方書
}

// CorrectContact writes a person's address and telephone number, the one
// function that does. Problems: NotFound, Stale; BadPostalCode, BadTelephone
// and TooLong on their fields.
func CorrectContact(tx *store.Tx, by audit.Actor, ref store.Ref, c Contact) error {
	r, err := Get(tx, ref)
	if err != nil {
		return err
	}
	if r.PersonVersion != c.Version {
		return Stale
	}
	postal, telephone, address, wrong := checkContact(c)
	if wrong != nil {
		return wrong
	}
	building := strings.TrimSpace(c.Building)
	_, err = tx.Exec(`UPDATE recipient SET postal_code = ?, address = ?, building = ?, telephone = ?, version = version + 1 WHERE id = ?`,
		string(postal), address, building, telephone, r.RecipientID)
	if err != nil {
		return fmt.Errorf("correct contact: %w", err)
	}
	changed := []string{}
	for name, differs := range map[string]bool{
		"postal_code": postal != r.PostalCode, "address": address != r.Address, "building": building != r.Building, "telephone": telephone != r.Telephone,
	} {
		if differs {
			changed = append(changed, name)
		}
	}
	return audit.Record(tx, by, audit.ContactCorrected, r.Subject(), audit.Detail{"fields": changed})
}

func checkContact(c Contact) (postal jp.PostalCode, telephone, address string, _ error) {
	var wrong *problem.Problem
	add := func(p *problem.Problem, field string) {
		if wrong == nil {
			wrong = p.On(field)
			return
		}
		wrong.Fields[field] = p.Code
	}
	if strings.TrimSpace(c.PostalCode) != "" {
		var err error
		if postal, err = jp.ParsePostalCode(c.PostalCode); err != nil {
			add(BadPostalCode, "postal_code")
		}
	}
	telephone = strings.ReplaceAll(jp.Narrow(c.Telephone), " ", "")
	if digits := len(jp.Digits(telephone)); telephone != "" && (digits < 10 || digits > 15 || strings.Trim(telephone, "0123456789-()+") != "") {
		add(BadTelephone, "telephone")
	}
	address = strings.TrimSpace(c.Address)
	if utf8.RuneCountInString(address) > 200 {
		add(TooLong.With("most", "200"), "address")
	}
	if utf8.RuneCountInString(strings.TrimSpace(c.Building)) > 100 {
		add(TooLong.With("most", "100"), "building")
	}
	if wrong != nil {
		return "", "", "", wrong
	}
	return postal, telephone, address, nil
}

// noteLength is the most characters of a handover note.
const noteLength = 500

// Note is a handover note (申し送り) about a card.
type Note struct {
	Body      string
	WrittenAt time.Time
	WrittenBy string // the writer's name
}

// AddNote writes a handover note. Problems on "body": NoteEmpty, NoteTooLong.
func AddNote(tx *store.Tx, by audit.Actor, ref store.Ref, body string) error {
	r, err := Get(tx, ref)
	if err != nil {
		return err
	}
	body = strings.TrimSpace(body)
	switch {
	case body == "":
		return NoteEmpty.On("body")
	case utf8.RuneCountInString(body) > noteLength:
		return NoteTooLong.On("body").With("most", fmt.Sprint(noteLength))
	}
	if _, err := tx.Insert(`INSERT INTO handover_note (card_id, body, written_at, written_by) VALUES (?, ?, ?, ?)`,
		r.ID, body, tx.Now, by.StaffID); err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	return audit.Record(tx, by, audit.NoteWritten, r.Subject(), nil)
}

// Notes lists a card's handover notes, newest first.
func Notes(tx *store.Tx, id ID) ([]Note, error) {
	return store.All[Note](tx, `SELECT handover_note.body, handover_note.written_at, staff.name AS written_by
		FROM handover_note JOIN staff ON staff.id = handover_note.written_by
		WHERE handover_note.card_id = ? ORDER BY handover_note.id DESC`, id)
}
