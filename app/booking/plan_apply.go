package booking

import (
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// ApplyPlan saves ask.Hours, if there are any, and carries out the plan that
// Plan showed under this fingerprint, all of it or nothing. No booking is
// touched. Problems: PlanChanged if the plan would be another one now, and
// those of Plan and SaveHours.
func ApplyPlan(tx *store.Tx, by audit.Actor, ask PlanAsk, fingerprint string) (PlanResult, error) {
	r, err := Plan(tx, ask)
	if err != nil {
		return r, err
	}
	if r.Fingerprint != fingerprint {
		return r, PlanChanged
	}
	if ask.Hours != nil {
		if _, err := SaveHours(tx, by, *ask.Hours); err != nil {
			return r, err
		}
	}
	for _, p := range r.Parts {
		if len(p.Steps) == p.Count(StepKeep) {
			continue
		}
		detail := audit.Detail{"service": p.Service.Ref, "from": ask.Period.From, "to": ask.Period.To, "conflicts": len(p.Conflicts())}
		for _, k := range StepKinds() {
			detail[string(k)] = p.Count(k)
		}
		for _, s := range p.Steps {
			if err := s.apply(tx); err != nil {
				return r, fmt.Errorf("apply plan: %w", err)
			}
		}
		if err := audit.Record(tx, by, audit.PlanApplied, p.Venue.subject(), detail); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (s PlanStep) apply(tx *store.Tx) error {
	switch s.Kind {
	case StepKeep:
		return nil
	case StepAdd:
		_, err := s.After.insert(tx)
		return err
	}
	return s.After.update(tx)
}

// insert makes a slot of s.
func (s Slot) insert(tx *store.Tx) (Slot, error) {
	s.Ref, s.Version = store.NewRef(), 1
	var err error
	s.ID, err = tx.Insert(`INSERT INTO slot (ref, venue_id, service_id, held_on, starts, ends, capacity, reserve, open, by_hand, stop_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.Ref, s.VenueID, s.ServiceID, s.HeldOn, s.Starts, s.Ends,
		s.Capacity, s.Reserve, s.Open, s.ByHand, store.Opt(s.StopID))
	if err != nil {
		return s, fmt.Errorf("add slot %s %s: %w", s.HeldOn, s.Starts, err)
	}
	return s, nil
}

// update writes what may change of a slot that still has s's Version. Problem:
// SetupStale.
func (s Slot) update(tx *store.Tx) error {
	err := changed(tx.Exec(`UPDATE slot SET ends = ?, capacity = ?, reserve = ?, open = ?, by_hand = ?, stop_id = ?, version = version + 1
		WHERE id = ? AND version = ?`, s.Ends, s.Capacity, s.Reserve, s.Open, s.ByHand, store.Opt(s.StopID), s.ID, s.Version))
	if err != nil {
		return fmt.Errorf("set slot: %w", err)
	}
	return nil
}
