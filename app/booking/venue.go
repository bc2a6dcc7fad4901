package booking

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// Venue is a place where cards are issued (受付場所): the main office or a branch.
type Venue struct {
	ID         int64
	Ref        store.Ref
	Name       string
	Kana       string
	Address    string
	Telephone  string
	AccessNote string // how to get there
	Position   int    // order on lists
	Version    int
}

// Service is what people come for (業務); today there is one, the issue of a card.
type Service struct {
	ID      int64
	Ref     store.Ref
	Name    string
	Minutes int // time at the counter that one person needs
	Version int
}

const venueColumns = `venue.id, venue.ref, venue.name, venue.kana, venue.address, venue.telephone, venue.access_note,
	venue.position, venue.version`

// Venues lists every place in the town's order.
func Venues(tx *store.Tx) ([]Venue, error) {
	return store.All[Venue](tx, `SELECT `+venueColumns+` FROM venue ORDER BY position, id`)
}

// VenueByRef finds a place by the Ref in an address. Problem: VenueNotFound.
func VenueByRef(tx *store.Tx, ref store.Ref) (Venue, error) {
	v, err := store.One[Venue](tx, `SELECT `+venueColumns+` FROM venue WHERE ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return v, VenueNotFound
	}
	return v, err
}

// Services lists every service; the first is the issue of cards.
func Services(tx *store.Tx) ([]Service, error) {
	return store.All[Service](tx, `SELECT id, ref, name, minutes, version FROM service ORDER BY id`)
}

// CardIssuance is the service that delivery notices are for. Problem:
// ServiceNotFound while the town has set up none.
func CardIssuance(tx *store.Tx) (Service, error) {
	all, err := Services(tx)
	if err == nil && len(all) == 0 {
		return Service{}, ServiceNotFound
	}
	if err != nil {
		return Service{}, err
	}
	return all[0], nil
}

// AddVenue adds a place at the end of the list.
func AddVenue(tx *store.Tx, by audit.Actor, v Venue) (Venue, error) {
	v.Ref, v.Version = store.NewRef(), 1
	var err error
	v.ID, err = tx.Insert(`INSERT INTO venue (ref, name, kana, address, telephone, access_note, position)
		VALUES (?, ?, ?, ?, ?, ?, (SELECT count(*) + 1 FROM venue))`,
		v.Ref, v.Name, v.Kana, v.Address, v.Telephone, v.AccessNote)
	if err != nil {
		return v, fmt.Errorf("add venue: %w", err)
	}
	if err := audit.Record(tx, by, audit.VenueAdded, audit.Subject{Kind: "venue", Ref: v.Ref}, nil); err != nil {
		return v, err
	}
	return VenueByRef(tx, v.Ref)
}

// AddService adds a service.
func AddService(tx *store.Tx, by audit.Actor, s Service) (Service, error) {
	s.Ref, s.Version = store.NewRef(), 1
	var err error
	s.ID, err = tx.Insert(`INSERT INTO service (ref, name, minutes) VALUES (?, ?, ?)`, s.Ref, s.Name, s.Minutes)
	if err != nil {
		return s, fmt.Errorf("add service: %w", err)
	}
	return s, audit.Record(tx, by, audit.ServiceAdded, audit.Subject{Kind: "service", Ref: s.Ref}, nil)
}

// EnsureCardIssuance adds the service that delivery notices are for, unless
// the store has a service. Thirty minutes is what towns give for one card.
func EnsureCardIssuance(tx *store.Tx, by audit.Actor) error {
	all, err := Services(tx)
	if err != nil || len(all) > 0 {
		return err
	}
	_, err = AddService(tx, by, Service{Name: "マイナンバーカードの受け取り", Minutes: 30})
	return err
}
