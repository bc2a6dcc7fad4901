package intake

import (
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// OtherParts says that a symbol does not belong to the code whose symbols are
// being read; args: of, wanted.
var OtherParts = problem.Define(problem.Conflict, "payload_other_parts")

// Waiting says which symbols of a code (連結) have been read and which have not.
type Waiting struct {
	Read, Lacking []int // numbers, from 1
	Of            int
}

// keepPart keeps one symbol until the others have come. whole is the code's
// payload once they have. A symbol that is read twice changes nothing. Problem:
// OtherParts.
func keepPart(tx *store.Tx, by audit.Actor, p Part) (whole string, waiting *Waiting, err error) {
	if holdsMyNumber(p.Payload) {
		return "", nil, HoldsMyNumber.On("payload")
	}
	before, err := card.Parts(tx, by.StaffID)
	if err != nil {
		return "", nil, err
	}
	parts := map[int]string{p.Number: p.Payload}
	for _, b := range before {
		if b.Of != p.Of || b.Number == p.Number && b.Payload != p.Payload {
			return "", nil, OtherParts.On("payload").With("of", fmt.Sprint(b.Of)).With("read", fmt.Sprint(len(before)))
		}
		parts[b.Number] = b.Payload
	}
	waiting = &Waiting{Of: p.Of}
	for n := 1; n <= p.Of; n++ {
		if payload, ok := parts[n]; ok {
			whole += payload
			waiting.Read = append(waiting.Read, n)
		} else {
			waiting.Lacking = append(waiting.Lacking, n)
		}
	}
	if len(waiting.Lacking) > 0 {
		return "", waiting, card.KeepPart(tx, by, card.Part{Number: p.Number, Of: p.Of, Payload: p.Payload})
	}
	if whole, err = clean(whole); err != nil {
		return "", nil, err
	}
	return whole, nil, card.DropParts(tx, by)
}

// PartsWaiting says which symbols a member of staff has read of a code that is
// not complete; nil when there is none.
func PartsWaiting(tx *store.Tx, staffID int64) (*Waiting, error) {
	parts, err := card.Parts(tx, staffID)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	w := &Waiting{Of: parts[0].Of}
	next := 0
	for n := 1; n <= w.Of; n++ {
		if next < len(parts) && parts[next].Number == n {
			w.Read = append(w.Read, n)
			next++
		} else {
			w.Lacking = append(w.Lacking, n)
		}
	}
	return w, nil
}
