package intake

import (
	"errors"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// NothingOnRecord says that a code is to correct a card that is not on record.
var NothingOnRecord = problem.Define(problem.Conflict, "payload_not_on_record")

// Compare says which card on record a code is about, and in what the code says
// something else. Problems: as Take; NothingOnRecord.
func Compare(tx *store.Tx, payload string) (card.Record, card.Reading, error) {
	profileID, profile, err := active(tx)
	if err != nil {
		return card.Record{}, card.Reading{}, err
	}
	if payload, err = clean(payload); err != nil {
		return card.Record{}, card.Reading{}, err
	}
	reading, err := interpret(tx, profile, payload)
	if err != nil {
		return card.Record{}, reading, err
	}
	reading.ProfileID = profileID
	r, _, err := card.ReadBefore(tx, reading.Payload, reading.Card)
	if errors.Is(err, store.ErrNotFound) {
		return r, reading, NothingOnRecord
	}
	return r, reading, err
}

// CorrectByReading overwrites a card's record with what a code says
// (訂正読込). Problems: as Compare and card.Correct.
func CorrectByReading(tx *store.Tx, by audit.Actor, payload string, seen card.Versions) (card.Record, error) {
	r, reading, err := Compare(tx, payload)
	if err != nil {
		return r, err
	}
	return card.Correct(tx, by, r.Card.Ref, seen, reading)
}
