package booking

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats that every browser of an office shows
	_ "image/png"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// The limits of a map picture. MapBytes is what may be uploaded; the pixels are
// bounded because a small file can unfold into a picture without end.
const (
	MapBytes  = 300 * 1024
	mapPixels = 4000
	mapArea   = 12_000_000
)

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

// readMap decodes a picture to the last line, so that nothing is served that a
// browser would guess at.
func readMap(body []byte) (MapPicture, error) {
	p := MapPicture{Body: body}
	if len(body) > MapBytes {
		return p, MapTooLarge.On("map")
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || config.Width > mapPixels || config.Height > mapPixels || config.Width*config.Height > mapArea {
		return p, MapForm.On("map")
	}
	if _, _, err := image.Decode(bytes.NewReader(body)); err != nil {
		return p, MapForm.On("map")
	}
	sum := sha256.Sum256(body)
	p.Hash, p.MediaType = hex.EncodeToString(sum[:]), "image/"+format
	p.Width, p.Height = config.Width, config.Height
	return p, nil
}

// MapByHash finds a map picture by its address. Problem: MapNotFound.
func MapByHash(tx *store.Tx, hash string) (MapPicture, error) {
	p, err := store.One[MapPicture](tx, `SELECT hash, media_type, width, height, body FROM map_picture WHERE hash = ?`, hash)
	return found(p, err, MapNotFound)
}
