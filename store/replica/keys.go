package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"madoguchi/store/crypt"
)

// ErrClearCopies means that the target already holds copies that are not
// encrypted: from then on nobody could tell which are meant to be.
var ErrClearCopies = errors.New("the place holds copies that are not encrypted; name an empty place for encrypted ones")

// Keys lists the data keys in the target and tells which of them the target's
// identities open.
func Keys(ctx context.Context, t Target) ([]KeyInfo, error) {
	_, infos, err := (&place{target: t, bucket: t.dial()}).readKeys(ctx, t.identities)
	if errors.Is(err, crypt.ErrNoKey) {
		err = nil
	}
	return infos, err
}

// WrapKeys wraps every data key in the target to these recipients and to no
// others, and makes the first key where there is none. Whoever could open a key
// before and kept a copy of it still can: rotate it as well.
func WrapKeys(ctx context.Context, t Target, recipients []string) error {
	p := &place{target: t, bucket: t.dial()}
	ring, infos, err := p.readKeys(ctx, t.identities)
	if err != nil {
		return err
	}
	if ring == nil {
		if all, err := p.claims(ctx, Epoch{}); err != nil || len(all) > 0 {
			return errors.Join(err, ErrClearCopies)
		}
		key, err := crypt.NewDataKey(time.Now(), nil)
		if err != nil {
			return err
		}
		return p.putKey(ctx, key, recipients)
	}
	for _, info := range infos {
		if !info.Opens {
			return fmt.Errorf("data key %s: %w", info.Name, crypt.ErrNoKey)
		}
	}
	for _, key := range ring.All() {
		if err := p.putKey(ctx, key, recipients); err != nil {
			return err
		}
	}
	var old []string
	for _, info := range infos {
		old = append(old, keyFolder+info.Name)
	}
	return p.bucket.remove(ctx, old)
}

// RotateKeys makes a new data key for what is written from the next start on,
// for the recipients of the one before.
func RotateKeys(ctx context.Context, t Target) (crypt.ID, error) {
	p := &place{target: t, bucket: t.dial()}
	ring, _, err := p.readKeys(ctx, t.identities)
	if err == nil && ring == nil {
		err = ErrNotEncrypted
	}
	if err != nil {
		return crypt.ID{}, err
	}
	if err := ring.Use(crypt.ID{}); err != nil {
		return crypt.ID{}, err
	}
	// Later than the one before, whatever the clock says.
	at := time.Now()
	if earliest := ring.Current.MadeAt.Add(time.Second); at.Before(earliest) {
		at = earliest
	}
	key, err := crypt.NewDataKey(at, ring.Current)
	if err != nil {
		return crypt.ID{}, err
	}
	return key.ID, p.putKey(ctx, key, ring.Current.To)
}

func (p *place) putKey(ctx context.Context, key *crypt.DataKey, recipients []string) error {
	text, err := crypt.Wrap(key, recipients)
	if err != nil {
		return err
	}
	name := keyFolder + key.ID.String() + "-" + strings.ToLower(newName()) + ".age"
	if err := p.bucket.put(ctx, name, bytes.NewReader(text)); err != nil {
		return fmt.Errorf("keep data key: %w", err)
	}
	return nil
}
