package booking

import (
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Venue is a place where cards are issued (受付場所): the main office or a branch.
type Venue struct {
	ID         int64
	Ref        store.Ref
	Name       string
	Kana       string
	PostalCode jp.PostalCode
	Address    string
	Telephone  string
	AccessNote string // how to get there
	MapHash    string // of its map picture; empty for none
	Position   int    // order on lists
	RetiredAt  time.Time
	Version    int
}

// Retired reports whether the place is no longer used.
func (v Venue) Retired() bool { return !v.RetiredAt.IsZero() }

func (v Venue) subject() audit.Subject { return audit.Subject{Kind: "venue", Ref: v.Ref} }

const venueColumns = `venue.id, venue.ref, venue.name, venue.kana, venue.postal_code, venue.address, venue.telephone,
	venue.access_note, venue.map_hash, venue.position, venue.retired_at, venue.version`

// Venues lists every place in use, in the town's order.
func Venues(tx *store.Tx) ([]Venue, error) {
	return store.All[Venue](tx, `SELECT `+venueColumns+` FROM venue WHERE retired_at IS NULL ORDER BY position, id`)
}

// AllVenues lists retired places too, after those in use.
func AllVenues(tx *store.Tx) ([]Venue, error) {
	return store.All[Venue](tx, `SELECT `+venueColumns+` FROM venue ORDER BY retired_at IS NOT NULL, position, id`)
}

// VenueByRef finds a place by the Ref in an address, a retired one too.
// Problem: VenueNotFound.
func VenueByRef(tx *store.Tx, ref store.Ref) (Venue, error) {
	v, err := store.One[Venue](tx, `SELECT `+venueColumns+` FROM venue WHERE ref = ?`, ref)
	return found(v, err, VenueNotFound)
}

// AddVenue adds a place at the end of the list. Problems on name, kana,
// postal_code, address, telephone, access_note: NameMissing, NameTaken,
// card.TooLong, card.BadPostalCode, card.BadTelephone.
func AddVenue(tx *store.Tx, by audit.Actor, v Venue) (Venue, error) {
	if err := v.check(); err != nil {
		return v, err
	}
	v.Ref = store.NewRef()
	_, err := tx.Insert(`INSERT INTO venue (ref, name, kana, postal_code, address, telephone, access_note, position)
		VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT count(*) + 1 FROM venue))`,
		v.Ref, v.Name, v.Kana, v.PostalCode, v.Address, v.Telephone, v.AccessNote)
	if err != nil {
		return v, fmt.Errorf("add venue: %w", named(err, "venue.name"))
	}
	if err := audit.Record(tx, by, audit.VenueAdded, v.subject(), nil); err != nil {
		return v, err
	}
	return VenueByRef(tx, v.Ref)
}

// EditVenue writes what AddVenue takes, and the position, to the place with
// v's Ref and Version. Problems: AddVenue's, VenueNotFound, SetupStale.
func EditVenue(tx *store.Tx, by audit.Actor, v Venue) (Venue, error) {
	if _, err := VenueByRef(tx, v.Ref); err != nil {
		return v, err
	}
	if err := v.check(); err != nil {
		return v, err
	}
	err := changed(tx.Exec(`UPDATE venue SET name = ?, kana = ?, postal_code = ?, address = ?, telephone = ?, access_note = ?,
		position = ?, version = version + 1 WHERE ref = ? AND version = ?`,
		v.Name, v.Kana, v.PostalCode, v.Address, v.Telephone, v.AccessNote, v.Position, v.Ref, v.Version))
	if err != nil {
		return v, fmt.Errorf("edit venue: %w", named(err, "venue.name"))
	}
	if err := audit.Record(tx, by, audit.VenueChanged, v.subject(), nil); err != nil {
		return v, err
	}
	return VenueByRef(tx, v.Ref)
}

// check trims v and says what is wrong with it.
func (v *Venue) check() error {
	var f faults
	v.Name = f.name("name", v.Name)
	v.Kana = f.text("kana", v.Kana, nameLength)
	v.PostalCode = f.postalCode("postal_code", string(v.PostalCode))
	v.Address = f.text("address", v.Address, addressLength)
	v.Telephone = f.telephone("telephone", v.Telephone)
	v.AccessNote = f.text("access_note", v.AccessNote, textLength)
	return f.err()
}

// RetireVenue takes a place out of use for good and closes its slots to come.
// While bookings to come stand there it is refused: they are moved or
// cancelled first. Problems: VenueNotFound, SetupStale, VenueInUse.
func RetireVenue(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	v, err := VenueByRef(tx, ref)
	if err != nil {
		return err
	}
	n, err := liveFrom(tx, "slot.venue_id = ?", v.ID)
	if err != nil {
		return err
	}
	if n > 0 {
		return VenueInUse.With("bookings", fmt.Sprint(n))
	}
	err = changed(tx.Exec(`UPDATE venue SET retired_at = ?, version = version + 1 WHERE id = ? AND version = ? AND retired_at IS NULL`,
		tx.Now, v.ID, version))
	if err != nil {
		return fmt.Errorf("retire venue: %w", err)
	}
	closed, err := tx.Exec(`UPDATE slot SET open = 0, stop_id = NULL, version = version + 1
		WHERE venue_id = ? AND (open = 1 OR stop_id IS NOT NULL) AND held_on >= ?`, v.ID, jp.DateOf(tx.Now))
	if err != nil {
		return fmt.Errorf("close slots of retired venue: %w", err)
	}
	return audit.Record(tx, by, audit.VenueRetired, v.subject(), audit.Detail{"slots": closed})
}

// liveFrom counts the bookings from today on that stand, held ones included.
func liveFrom(tx *store.Tx, where string, id int64) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM slot JOIN booking ON booking.slot_id = slot.id
		WHERE `+where+` AND slot.held_on >= ? AND booking.state IN `+standing, id, jp.DateOf(tx.Now))
}

// standing are the states in which someone counts on a seat, a hold included.
const standing = `('held', 'booked', 'checked_in', 'called')`
