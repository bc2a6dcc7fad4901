package demo

import (
	"context"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// Size is how much SeedLarge makes.
type Size struct {
	Cards  int
	Venues int
	Days   int // of slots, from tomorrow on, week-ends included; at most 400
}

// batch is how many codes one write reads: enough that the disk is waited for
// a few times only, few enough that a cancelled context is noticed soon.
const batch = 1000

// SeedLarge fills an empty store for measurements: many cards, nothing booked,
// and at each place and day 16 slots with two places and one in reserve. It
// returns one notice for each recipient whose day of birth is known. The store
// is marked as demo. Errors: ErrSeeded, ErrOtherData.
func SeedLarge(ctx context.Context, st *store.Store, size Size) ([]Notice, error) {
	var people []Person
	var clerk audit.Actor
	err := st.Write(ctx, func(tx *store.Tx) (err error) {
		if err := empty(tx); err != nil {
			return err
		}
		people = People(0, size.Cards, jp.DateOf(tx.Now))
		clerk, err = setUpLarge(tx, size)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("seed for measurements: %w", err)
	}
	for from := 0; from < len(people); from += batch {
		some := people[from:min(from+batch, len(people))]
		err := st.Write(ctx, func(tx *store.Tx) error {
			for _, p := range some {
				if _, err := intake.ReadPayload(tx, clerk, Payload(p)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read cards from number %d on: %w", from, err)
		}
	}
	var notices []Notice
	for _, p := range people {
		if _, known := p.Birth.Date(); known {
			notices = append(notices, Notice{Number: p.printedNumber(), BirthDate: p.Birth.String()})
		}
	}
	return notices, nil
}

// setUpLarge returns the clerk who reads the codes.
func setUpLarge(tx *store.Tx, size Size) (audit.Actor, error) {
	if err := town(tx, max(size.Days, 1)); err != nil {
		return audit.Actor{}, err
	}
	a, _, err := staff.Add(tx, system, administrator, "測定（架空）", staff.Administrator)
	if err != nil {
		return audit.Actor{}, err
	}
	what, err := service(tx)
	if err != nil {
		return audit.Actor{}, err
	}
	var windows []booking.Window
	counter := place{capacity: 2, reserve: 1}
	for n := range size.Days {
		windows = append(windows, counter.between(jp.DateOf(tx.Now).AddDays(n+1), morning, closing)...)
	}
	for i := range size.Venues {
		v, err := booking.AddVenue(tx, system, booking.Venue{Name: fmt.Sprintf("測定会場%02d", i+1), AccessNote: disclaimer})
		if err != nil {
			return audit.Actor{}, err
		}
		if err := booking.AddSlots(tx, system, v, what, windows); err != nil {
			return audit.Actor{}, err
		}
	}
	return a.Actor("demo"), nil
}
