package booking

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/picture"
	"madoguchi/store"
)

// MapBytes is what a map picture may weigh.
const MapBytes = 300 * 1024

// MapPicture is how to get to a place, drawn (地図).
type MapPicture struct {
	Hash          string // SHA-256 of Body, in hexadecimal; its address
	MediaType     string // image/png or image/jpeg
	Width, Height int
	Body          []byte
}

// SetMap gives a place a map picture, or takes it away when body is empty.
// Problems: VenueNotFound, SetupStale; MapTooLarge and MapForm on "map".
func SetMap(tx *store.Tx, by audit.Actor, venue Venue, body []byte) (Venue, error) {
	old, err := VenueByRef(tx, venue.Ref)
	if err != nil {
		return venue, err
	}
	var p MapPicture
	if len(body) > 0 {
		if p, err = readMap(body); err != nil {
			return venue, err
		}
		_, err = tx.Exec(`INSERT INTO map_picture (hash, media_type, width, height, body) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (hash) DO NOTHING`, p.Hash, p.MediaType, p.Width, p.Height, p.Body)
		if err != nil {
			return venue, fmt.Errorf("keep map picture: %w", err)
		}
	}
	err = changed(tx.Exec(`UPDATE venue SET map_hash = ?, version = version + 1 WHERE id = ? AND version = ?`,
		store.Opt(p.Hash), old.ID, venue.Version))
	if err != nil {
		return venue, fmt.Errorf("set map of venue: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM map_picture WHERE hash NOT IN (SELECT map_hash FROM venue WHERE map_hash IS NOT NULL)`); err != nil {
		return venue, fmt.Errorf("drop unused map pictures: %w", err)
	}
	if err := audit.Record(tx, by, audit.VenueMapChanged, old.subject(), audit.Detail{"map": p.Hash}); err != nil {
		return venue, err
	}
	return VenueByRef(tx, venue.Ref)
}

func readMap(body []byte) (MapPicture, error) {
	p, err := picture.Read(body, MapBytes)
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		return MapPicture{}, MapTooLarge.On("map")
	case err != nil:
		return MapPicture{}, MapForm.On("map")
	}
	return MapPicture(p), nil
}

// MapByHash finds a map picture by its address. Problem: MapNotFound.
func MapByHash(tx *store.Tx, hash string) (MapPicture, error) {
	p, err := store.One[MapPicture](tx, `SELECT hash, media_type, width, height, body FROM map_picture WHERE hash = ?`, hash)
	return found(p, err, MapNotFound)
}
