package replica

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/superfly/ltx"
)

// Mode is how a server that was succeeded is kept from answering (防護).
// docs/decisions/fencing.md has the argument and the model.
type Mode string

const (
	// Once: files of changes are written on the condition that their key is
	// free, and the successor takes the next key.
	Once Mode = "once"
	// Readback: after each file of changes the claims are read, and the
	// successor waits between its claim and its reading.
	Readback Mode = "readback"
	// Manual: the store shows neither; only a person may let another server
	// take over, after having made sure that the first is off.
	Manual Mode = "manual"
)

// sealSize is the size of a seal, which no file of changes can have: their
// header alone is longer.
const sealSize = 64

func seal(by Epoch) []byte {
	text := make([]byte, sealSize)
	copy(text, "sealed by "+by.String())
	return text
}

// sealAhead is how many keys are tried at a time when a live server keeps
// taking the next one first.
const sealAhead = 32

// base is where an epoch ended: what its successor begins from.
type base struct {
	epoch Epoch
	txid  ltx.TXID
}

// acquire begins an epoch of this node after all others, and returns it with
// what it continues. From its return on, no earlier epoch's server can answer a
// write that is not in base. It fails with ErrFenced when yet another node has
// begun a later epoch meanwhile.
func (p *place) acquire(ctx context.Context, node string, probe Probe, begin func(Epoch) error) (Epoch, base, error) {
	before, err := p.claims(ctx, Epoch{})
	if err != nil {
		return Epoch{}, base{}, err
	}
	next := Epoch{Number: 1, Node: node}
	if len(before) > 0 {
		next.Number = before[len(before)-1].Number + 1
	}
	if err := begin(next); err != nil {
		return Epoch{}, base{}, err
	}
	if err := p.putJSON(ctx, claimFolder+next.String(), claim{Mode: probe.Mode, At: time.Now().UTC()}, probe.Mode == Once); err != nil {
		return Epoch{}, base{}, err
	}
	// All that were begun by now, also at the same moment as this one.
	all, err := p.claims(ctx, Epoch{})
	if err != nil {
		return Epoch{}, base{}, err
	}
	var earlier []Epoch
	for _, e := range all {
		switch c := e.compare(next); {
		case c > 0:
			return Epoch{}, base{}, fmt.Errorf("%s came before %s: %w", e, next, ErrFenced)
		case c < 0:
			earlier = append(earlier, e)
		}
	}
	b, err := p.succeed(ctx, next, earlier, probe)
	return next, b, err
}

// succeed closes the earlier epochs, newest first, down to the first that holds
// anything: that one closed those before it when it began.
func (p *place) succeed(ctx context.Context, next Epoch, earlier []Epoch, probe Probe) (base, error) {
	waited := false
	for i := len(earlier) - 1; i >= 0; i-- {
		e := earlier[i]
		var c claim
		if err := p.getJSON(ctx, claimFolder+e.String(), &c); err != nil {
			return base{}, err
		}
		var last ltx.TXID
		var err error
		if c.Mode == Once {
			last, err = p.seal(ctx, e, next)
		} else {
			if !waited {
				if err := sleep(ctx, probe.Wait()); err != nil {
					return base{}, err
				}
				waited = true
			}
			last, _, err = p.lastFile(ctx, e, 0)
		}
		if err != nil {
			return base{}, err
		}
		if last > 0 {
			return base{e, last}, nil
		}
	}
	return base{}, nil
}

// seal takes the first free key of an epoch and returns the number of the last
// file before it. A live server may win a few keys first; it cannot win all of
// sealAhead at once, because it writes one after the other.
func (p *place) seal(ctx context.Context, e, by Epoch) (ltx.TXID, error) {
	last, sealed, err := p.lastFile(ctx, e, 0)
	for ahead := 1; err == nil && !sealed; ahead = sealAhead {
		type attempt struct {
			txid ltx.TXID
			err  error
		}
		results := make(chan attempt, ahead)
		for i := range ahead {
			txid := last + 1 + ltx.TXID(i)
			go func() {
				results <- attempt{txid, p.bucket.putNew(ctx, e.slot(0, txid, txid), bytes.NewReader(seal(by)))}
			}()
		}
		for range ahead {
			a := <-results
			if a.err == nil {
				sealed = true
			} else if !errors.Is(a.err, errExists) {
				err = a.err
			}
		}
		if err != nil {
			return 0, fmt.Errorf("seal %s: %w", e, err)
		}
		// What was won may lie behind files that came first: read again.
		last, sealed, err = p.lastFile(ctx, e, 0)
	}
	return last, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// succeeded fails with ErrFenced when another epoch was begun after e.
func (p *place) succeeded(ctx context.Context, e Epoch) error {
	later, err := p.claims(ctx, e)
	if err != nil {
		return err
	}
	if len(later) > 0 {
		return fmt.Errorf("%s was begun: %w", later[len(later)-1], ErrFenced)
	}
	return nil
}

func nodeFile(meta string) string  { return filepath.Join(meta, "node") }
func turnFile(meta string) string  { return filepath.Join(meta, "epoch.json") }
func ackedFile(meta string) string { return filepath.Join(meta, "acknowledged.json") }

func newName() string { return rand.Text()[:12] }

func newNode() string { return strings.ToLower(newName()) }

// writeWhole replaces a file so that it is there whole or as it was before.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, removeIfThere(f.Name())))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
