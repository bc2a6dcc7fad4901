package replica

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/benbjohnson/litestream"

	"madoguchi/store/crypt"
)

// Copies is a target opened for reading.
type Copies struct{ place *place }

// Open opens the target for reading, with the identity that belongs to it. It
// fails with crypt.ErrNoKey when the copies are encrypted to others.
func (t Target) Open(ctx context.Context) (*Copies, error) {
	p, err := t.open(ctx, crypt.ID{})
	if err != nil {
		return nil, err
	}
	return &Copies{p}, nil
}

func (t Target) open(ctx context.Context, pinned crypt.ID) (*place, error) {
	p := &place{target: t, bucket: t.dial()}
	ring, _, err := p.readKeys(ctx, t.identities)
	if err != nil {
		return nil, err
	}
	if ring != nil {
		if err := ring.Use(pinned); err != nil {
			return nil, err
		}
		p.keys = ring
	}
	return p, nil
}

// Epochs lists the epochs that hold a whole copy, oldest first, or fails with
// ErrNoCopies.
func (c *Copies) Epochs(ctx context.Context) ([]Manifest, error) {
	all, err := c.place.manifests(ctx)
	if err == nil && len(all) == 0 {
		err = ErrNoCopies
	}
	return all, err
}

// Client reads the files of one epoch.
func (c *Copies) Client(e Epoch) litestream.ReplicaClient {
	reading := &client{place: c.place}
	reading.enter(e, "")
	return reading
}

// Encrypted reports whether the copies are encrypted.
func (c *Copies) Encrypted() bool { return c.place.keys != nil }

// Beats are the newest heartbeats of all nodes, by node.
func (c *Copies) Beats(ctx context.Context) (map[string]Beat, error) { return c.place.beats(ctx) }

func (p *place) beats(ctx context.Context) (map[string]Beat, error) {
	objects, err := p.bucket.list(ctx, beatFolder, "")
	if err != nil {
		return nil, fmt.Errorf("list heartbeats: %w", err)
	}
	all := map[string]Beat{}
	for _, o := range objects {
		var b Beat
		if err := p.getJSON(ctx, o.key, &b); err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(strings.TrimPrefix(o.key, beatFolder), ".json")] = b
	}
	return all, nil
}

// newest returns the newest epoch that holds a whole copy.
func (c *Copies) newest(ctx context.Context) (Epoch, error) {
	all, err := c.Epochs(ctx)
	if err != nil {
		return Epoch{}, err
	}
	return all[len(all)-1].Epoch, nil
}

// ErrOlder means that the copies do not hold everything that their own server
// has reported to be in them: files are missing at their end.
var ErrOlder = errors.New("the copies are older than what their server has reported to be there")
