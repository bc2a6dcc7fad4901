package card

import (
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Change is one thing in which a reading differs from what is on record.
type Change struct {
	Field    string // as in Reading: name, birth, …
	Now, New string
}

// Said is one thing that a reading or record says; Text is "" for nothing.
type Said struct{ Field, Text string }

// Says lists what a reading says, in the order of a list.
func (r Reading) Says() []Said {
	p, c := r.Recipient, r.Card
	kind := string(c.IssueKind)
	if c.IssueKind == UnknownIssue {
		kind = ""
	}
	return []Said{
		{"notice_number", c.NoticeNumber.String()}, {"application_id", c.ApplicationID}, {"issue_kind", kind},
		{"name", p.Name}, {"kana_name", p.KanaName}, {"birth", p.Birth.String()},
		{"postal_code", p.PostalCode.String()}, {"address", p.Address},
		{"made_on", c.MadeOn.String()}, {"expires_on", c.ExpiresOn.String()},
	}
}

// Differences lists where a reading says something else than the record. What
// the reading leaves empty is no difference.
func Differences(r Record, reading Reading) []Change {
	var all []Change
	now := Reading{Card: r.Card, Recipient: r.Recipient}.Says()
	for i, said := range reading.Says() {
		if said.Text != "" && said.Text != now[i].Text {
			all = append(all, Change{said.Field, now[i].Text, said.Text})
		}
	}
	return all
}

// Versions are those of a card and its person on the page that was confirmed.
type Versions struct{ Card, Person int }

// Correct overwrites a card's record with what a reading says (訂正読込) and keeps
// the reading, if it has a payload that is not kept yet. Fields that the reading
// leaves empty stay. Problems: NotFound, AlreadyIssued, Stale, Registered when
// its numbers belong to another card.
func Correct(tx *store.Tx, by audit.Actor, ref store.Ref, seen Versions, reading Reading) (Record, error) {
	r, err := Get(tx, ref)
	switch {
	case err != nil:
		return r, err
	case r.Issued():
		return r, AlreadyIssued
	case r.Card.Version != seen.Card || r.PersonVersion != seen.Person:
		return r, Stale
	}
	changes := Differences(r, reading)
	if err := overwrite(tx, r, reading); err != nil {
		return r, err
	}
	if reading.Payload != nil {
		kept, err := HasPayload(tx, reading.Payload)
		if err != nil {
			return r, err
		}
		if !kept {
			reading.Way = ByCorrection
			if err := keepReading(tx, by, r.Card.ID, reading); err != nil {
				return r, err
			}
		}
	}
	fields := []string{}
	for _, c := range changes {
		fields = append(fields, c.Field)
	}
	if err := audit.Record(tx, by, audit.CardCorrected, r.Subject(), audit.Detail{"fields": fields}); err != nil {
		return r, err
	}
	return GetByID(tx, r.Card.ID)
}

func overwrite(tx *store.Tx, r Record, reading Reading) error {
	p, c := r.Recipient, r.Card
	for _, d := range Differences(r, reading) {
		switch d.Field {
		case "notice_number":
			c.NoticeNumber = reading.Card.NoticeNumber
		case "application_id":
			c.ApplicationID = reading.Card.ApplicationID
		case "issue_kind":
			c.IssueKind = reading.Card.IssueKind
		case "made_on":
			c.MadeOn = reading.Card.MadeOn
		case "expires_on":
			c.ExpiresOn = reading.Card.ExpiresOn
		case "name":
			p.Name = reading.Recipient.Name
		case "kana_name":
			p.KanaName = reading.Recipient.KanaName
		case "birth":
			p.Birth = reading.Recipient.Birth
		case "postal_code":
			p.PostalCode = reading.Recipient.PostalCode
		case "address":
			p.Address = reading.Recipient.Address
		}
	}
	_, err := tx.Exec(`UPDATE card SET notice_number = ?, application_id = ?, issue_kind = ?, made_on = ?, expires_on = ?, version = version + 1
		WHERE id = ?`, string(c.NoticeNumber), store.Opt(c.ApplicationID), c.IssueKind, c.MadeOn, c.ExpiresOn, r.Card.ID)
	if err != nil {
		return fmt.Errorf("correct card: %w", readingMeaning(err))
	}
	_, err = tx.Exec(`UPDATE recipient SET name = ?, name_key = ?, kana_name = ?, kana_key = ?, birth = ?, postal_code = ?, address = ?,
		version = version + 1 WHERE id = ?`, p.Name, jp.NameKey(p.Name), p.KanaName, jp.KanaKey(p.KanaName), p.Birth,
		string(p.PostalCode), p.Address, r.RecipientID)
	if err != nil {
		return fmt.Errorf("correct recipient: %w", err)
	}
	return nil
}
