package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"madoguchi/store/crypt"
)

// leftFolder holds, by epoch, what a machine that was succeeded hands to its
// successor. Like the copies it is encrypted where they are.
const leftFolder = "left/"

// mostLeft bounds what is read of one.
const mostLeft = 64 << 20

// Ended is an epoch that was this database's own.
type Ended struct {
	Epoch string
	// Since is when the newest commit was made that the copies are known to have.
	Since time.Time
	meta  string
}

// EndedHere tells which epoch the database beside meta has written, for the
// server that was succeeded; ok is false where there is none or where it was
// handed over already.
func EndedHere(t Target, meta string) (e Ended, ok bool, err error) {
	own, err := readTurn(meta)
	if err != nil || !own.Held || own.Target != t.String() {
		return e, false, err
	}
	_, err = os.Lstat(handedFile(meta))
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return e, false, err
	}
	e = Ended{Epoch: own.Epoch, meta: meta}
	var k kept
	text, err := os.ReadFile(ackedFile(meta))
	if errors.Is(err, os.ErrNotExist) {
		return e, true, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		return e, false, fmt.Errorf("read what was acknowledged: %w", err)
	}
	e.Since = k.At
	return e, true, nil
}

func handedFile(meta string) string { return filepath.Join(meta, "handed") }

// Hand leaves text in the target for whoever serves, and notes that it did.
func (e Ended) Hand(ctx context.Context, t Target, text io.Reader) (err error) {
	p, err := t.open(ctx, crypt.ID{})
	if err != nil {
		return err
	}
	if p.keys == nil && t.outside {
		return ErrNotEncrypted
	}
	s, err := p.prepare(text, leftFolder+e.Epoch)
	if err != nil {
		return fmt.Errorf("prepare what is left: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := p.bucket.putNew(ctx, leftFolder+e.Epoch, s); err != nil && !errors.Is(err, errExists) {
		return fmt.Errorf("hand over what is left: %w", err)
	}
	return e.Handed()
}

// Handed notes that there is nothing more to hand over.
func (e Ended) Handed() error { return writeWhole(handedFile(e.meta), []byte(e.Epoch+"\n")) }

// Left lists the epochs whose servers have left something.
func (r *Replica) Left(ctx context.Context) (epochs []string, err error) {
	if e, _ := r.client.now(); e == (Epoch{}) {
		return nil, nil // the target has not answered yet
	}
	objects, err := r.client.place.bucket.list(ctx, leftFolder, "")
	if err != nil {
		return nil, fmt.Errorf("list what was left: %w", err)
	}
	for _, o := range objects {
		if e, ok := parseEpoch(strings.TrimPrefix(o.key, leftFolder)); ok {
			epochs = append(epochs, e.String())
		}
	}
	return epochs, nil
}

// ReadLeft reads what the server of an epoch has left.
func (r *Replica) ReadLeft(ctx context.Context, epoch string) (_ []byte, err error) {
	rc, err := r.client.place.open(ctx, leftFolder+epoch, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("read what was left: %w", err)
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	return io.ReadAll(io.LimitReader(rc, mostLeft))
}

// RemoveLeft removes it once all is taken in and copied.
func (r *Replica) RemoveLeft(ctx context.Context, epoch string) error {
	if err := r.requireTurn(ctx); err != nil {
		return err
	}
	return r.client.place.bucket.remove(ctx, []string{leftFolder + epoch})
}
