package booking

import (
	"fmt"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// VenueCounter is a desk inside a venue (窓口).
type VenueCounter struct {
	ID        int64
	Ref       store.Ref
	VenueID   int64
	Name      string
	Position  int
	RetiredAt time.Time
	Version   int
}

func (c VenueCounter) subject() audit.Subject { return audit.Subject{Kind: "counter", Ref: c.Ref} }

const counterColumns = `id, ref, venue_id, name, position, retired_at, version`

// Counters lists the counters of a place that are in use.
func Counters(tx *store.Tx, venueID int64) ([]VenueCounter, error) {
	return store.All[VenueCounter](tx, `SELECT `+counterColumns+` FROM counter WHERE venue_id = ? AND retired_at IS NULL ORDER BY position, id`, venueID)
}

// CounterByRef finds a counter. Problem: CounterNotFound.
func CounterByRef(tx *store.Tx, ref store.Ref) (VenueCounter, error) {
	c, err := store.One[VenueCounter](tx, `SELECT `+counterColumns+` FROM counter WHERE ref = ?`, ref)
	return found(c, err, CounterNotFound)
}

// CounterServices lists what a counter serves.
func CounterServices(tx *store.Tx, counterID int64) ([]Service, error) {
	return store.All[Service](tx, `SELECT `+serviceColumns+` FROM service JOIN counter_service ON counter_service.service_id = service.id
		WHERE counter_service.counter_id = ? ORDER BY service.position, service.id`, counterID)
}

// Serves tells which services, by their rows, a counter serves; one for which
// none is set up serves all.
func Serves(tx *store.Tx, c VenueCounter) (func(serviceID int64) bool, error) {
	services, err := CounterServices(tx, c.ID)
	return func(id int64) bool {
		return len(services) == 0 || slices.ContainsFunc(services, func(s Service) bool { return s.ID == id })
	}, err
}

// AddCounter adds a counter with the services it serves, at the end of its
// place's list. Problems on name: NameMissing, NameTaken, card.TooLong.
func AddCounter(tx *store.Tx, by audit.Actor, c VenueCounter, services []int64) (VenueCounter, error) {
	var f faults
	c.Name = f.name("name", c.Name)
	if err := f.err(); err != nil {
		return c, err
	}
	c.Ref = store.NewRef()
	id, err := tx.Insert(`INSERT INTO counter (ref, venue_id, name, position)
		VALUES (?, ?, ?, (SELECT count(*) + 1 FROM counter WHERE venue_id = ?))`, c.Ref, c.VenueID, c.Name, c.VenueID)
	if err != nil {
		return c, fmt.Errorf("add counter: %w", named(err, "counter.name"))
	}
	if err := serve(tx, id, services); err != nil {
		return c, err
	}
	if err := audit.Record(tx, by, audit.CounterAdded, c.subject(), audit.Detail{"services": len(services)}); err != nil {
		return c, err
	}
	return CounterByRef(tx, c.Ref)
}

// EditCounter writes name, position and services to the counter with c's Ref
// and Version. Problems: AddCounter's, CounterNotFound, SetupStale.
func EditCounter(tx *store.Tx, by audit.Actor, c VenueCounter, services []int64) (VenueCounter, error) {
	old, err := CounterByRef(tx, c.Ref)
	if err != nil {
		return c, err
	}
	var f faults
	c.Name = f.name("name", c.Name)
	if err := f.err(); err != nil {
		return c, err
	}
	err = changed(tx.Exec(`UPDATE counter SET name = ?, position = ?, version = version + 1 WHERE id = ? AND version = ?`,
		c.Name, c.Position, old.ID, c.Version))
	if err != nil {
		return c, fmt.Errorf("edit counter: %w", named(err, "counter.name"))
	}
	if err := serve(tx, old.ID, services); err != nil {
		return c, err
	}
	if err := audit.Record(tx, by, audit.CounterChanged, c.subject(), audit.Detail{"services": len(services)}); err != nil {
		return c, err
	}
	return CounterByRef(tx, c.Ref)
}

// serve replaces what a counter serves.
func serve(tx *store.Tx, counterID int64, services []int64) error {
	if _, err := tx.Exec(`DELETE FROM counter_service WHERE counter_id = ?`, counterID); err != nil {
		return fmt.Errorf("clear services of counter: %w", err)
	}
	slices.Sort(services)
	for _, id := range slices.Compact(services) {
		if _, err := tx.Insert(`INSERT INTO counter_service (counter_id, service_id) VALUES (?, ?)`, counterID, id); err != nil {
			return fmt.Errorf("add service of counter: %w", err)
		}
	}
	return nil
}

// RetireCounter takes a counter out of use. Its name stays taken, because past
// visits were called to it. Problems: CounterNotFound, SetupStale.
func RetireCounter(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	c, err := CounterByRef(tx, ref)
	if err != nil {
		return err
	}
	err = changed(tx.Exec(`UPDATE counter SET retired_at = ?, version = version + 1 WHERE id = ? AND version = ? AND retired_at IS NULL`,
		tx.Now, c.ID, version))
	if err != nil {
		return fmt.Errorf("retire counter: %w", err)
	}
	return audit.Record(tx, by, audit.CounterRetired, c.subject(), nil)
}
