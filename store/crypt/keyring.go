package crypt

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const idSize = 8

// ID names a data key. It is cut from a hash of the key, so a key cannot be
// exchanged for another of the same name.
type ID [idSize]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(text string) (ID, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != idSize {
		return ID{}, fmt.Errorf("%q is not the number of a data key", text)
	}
	return ID(b), nil
}

// DataKey encrypts objects.
type DataKey struct {
	ID     ID
	Secret [32]byte
	MadeAt time.Time
	// Before is the key that this one replaced, and Proof shows that whoever
	// made this one had that one: without it, whoever can write to the store
	// could offer the town a key of their own.
	Before ID
	Proof  []byte
	// To are the recipients that it was last wrapped to.
	To []string
}

// ErrNoKey means that no identity at hand opens the data key of an object.
var ErrNoKey = errors.New("the data key of these copies cannot be opened with the identity given")

// ErrStrangeKey means that a data key was not made by whoever had the one before.
var ErrStrangeKey = errors.New("the data key was not made from the one used so far")

// NewDataKey makes a key that follows before, or the first one where before is nil.
func NewDataKey(now time.Time, before *DataKey) (*DataKey, error) {
	k := &DataKey{MadeAt: now.UTC().Truncate(time.Second)}
	if _, err := rand.Read(k.Secret[:]); err != nil {
		return nil, fmt.Errorf("make data key: %w", err)
	}
	k.ID = idOf(k.Secret)
	if before != nil {
		k.Before, k.Proof = before.ID, proof(before, k)
	}
	return k, nil
}

func idOf(secret [32]byte) ID {
	sum := sha256.Sum256(append([]byte("madoguchi data key "), secret[:]...))
	return ID(sum[:idSize])
}

func proof(before, k *DataKey) []byte {
	m := hmac.New(sha256.New, before.Secret[:])
	m.Write([]byte("madoguchi next key "))
	m.Write(k.Secret[:])
	return m.Sum(nil)
}

// wrapped is the clear text inside a wrapped data key.
type wrapped struct {
	Key    string    `json:"key"`
	MadeAt time.Time `json:"made_at"`
	Before string    `json:"before,omitempty"`
	Proof  string    `json:"proof,omitempty"`
	To     []string  `json:"to"`
}

// Wrap encrypts a data key to recipients ("age1…"), any one of whom can open it.
func Wrap(k *DataKey, recipients []string) ([]byte, error) {
	var to []age.Recipient
	for _, text := range recipients {
		r, err := age.ParseX25519Recipient(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w", text, err)
		}
		to = append(to, r)
	}
	if len(to) == 0 {
		return nil, errors.New("a data key needs at least one recipient")
	}
	w := wrapped{Key: hex.EncodeToString(k.Secret[:]), MadeAt: k.MadeAt, To: recipients}
	if k.Proof != nil {
		w.Before, w.Proof = k.Before.String(), hex.EncodeToString(k.Proof)
	}
	text, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write data key: %w", err)
	}
	var out bytes.Buffer
	arm := armor.NewWriter(&out)
	enc, err := age.Encrypt(arm, to...)
	if err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	if _, err := enc.Write(text); err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	if err := errors.Join(enc.Close(), arm.Close()); err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	return out.Bytes(), nil
}

// Unwrap opens a wrapped data key with any of the identities, or fails with ErrNoKey.
func Unwrap(text []byte, identities []age.Identity) (*DataKey, error) {
	if len(identities) == 0 {
		return nil, ErrNoKey
	}
	dec, err := age.Decrypt(armor.NewReader(bytes.NewReader(text)), identities...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	clear, err := io.ReadAll(io.LimitReader(dec, 4096))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	var w wrapped
	if err := json.Unmarshal(clear, &w); err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	secret, err := hex.DecodeString(w.Key)
	if err != nil || len(secret) != 32 {
		return nil, errors.New("unwrap data key: no key inside")
	}
	k := &DataKey{Secret: [32]byte(secret), MadeAt: w.MadeAt, To: w.To}
	k.ID = idOf(k.Secret)
	if w.Proof != "" {
		if k.Before, err = ParseID(w.Before); err != nil {
			return nil, fmt.Errorf("unwrap data key: %w", err)
		}
		if k.Proof, err = hex.DecodeString(w.Proof); err != nil {
			return nil, fmt.Errorf("unwrap data key: %w", err)
		}
	}
	return k, nil
}

// NewIdentity makes an identity: the secret to be kept and the recipient that
// others wrap to.
func NewIdentity() (secret, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("make identity: %w", err)
	}
	return id.String(), id.Recipient().String(), nil
}

// Identities are what opens data keys.
type Identities []age.Identity

// ReadIdentities reads an identity file, as age-keygen writes it.
func ReadIdentities(path string) (_ Identities, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open identity: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	ids, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("read identity %s: %w", path, err)
	}
	return ids, nil
}

// Recipients are what others wrap to so that these identities can open it.
func (ids Identities) Recipients() []string {
	var all []string
	for _, id := range ids {
		if x, ok := id.(*age.X25519Identity); ok {
			all = append(all, x.Recipient().String())
		}
	}
	return all
}

// Keyring holds the data keys that could be opened. Nil means that objects are
// not encrypted.
type Keyring struct {
	keys    map[ID]*DataKey
	Current *DataKey // what new objects are encrypted with
}

// Add puts an opened key into the ring.
func (k *Keyring) Add(key *DataKey) {
	if k.keys == nil {
		k.keys = map[ID]*DataKey{}
	}
	k.keys[key.ID] = key
}

// All lists the keys of the ring, oldest first.
func (k *Keyring) All() []*DataKey {
	return slices.SortedFunc(maps.Values(k.keys), func(a, b *DataKey) int {
		return cmp.Or(a.MadeAt.Compare(b.MadeAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

func (k *Keyring) find(id ID) (*DataKey, error) {
	if key := k.keys[id]; key != nil {
		return key, nil
	}
	return nil, fmt.Errorf("data key %s: %w", id, ErrNoKey)
}

// Use makes the newest key of the ring the current one. Where a key was used
// before, the newest must descend from it.
func (k *Keyring) Use(pinned ID) error {
	all := k.All()
	if len(all) == 0 {
		return ErrNoKey
	}
	newest := all[len(all)-1]
	for key := newest; pinned != (ID{}) && key.ID != pinned; {
		before := k.keys[key.Before]
		if key.Proof == nil || before == nil || !hmac.Equal(key.Proof, proof(before, key)) {
			return fmt.Errorf("data key %s: %w", newest.ID, ErrStrangeKey)
		}
		key = before
	}
	k.Current = newest
	return nil
}
