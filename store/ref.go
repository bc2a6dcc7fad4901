package store

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Ref is an unguessable name for a row, the only one that leaves the building
// (in addresses, audit entries and logs): 26 lower-case letters and digits, 128 bits.
type Ref string

// NewRef draws a new Ref.
func NewRef() Ref {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on the systems we run on
	}
	return Ref(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])))
}
