package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Probe is what a store was found to do (保存先の検査). It is kept in the store
// itself, so that both servers of a pair go by the same one.
type Probe struct {
	Mode Mode `json:"mode"`
	// Conditional: a key that is taken is refused, also to many at once.
	Conditional bool `json:"conditional"`
	// Visible: a new object is read and listed by another connection within
	// Delay at the latest.
	Visible bool          `json:"visible"`
	Delay   time.Duration `json:"delay_ns"`
	At      time.Time     `json:"at"`
}

const (
	probeRaces    = 12 // races for one key
	probeRacers   = 8
	probeRounds   = 12               // objects looked for right after they were written
	probePatience = 10 * time.Second // for an object to be seen at all
	leastWait     = 3 * time.Second
)

// Wait is how long a successor waits between its claim and its reading where
// the store refuses no second write: more than twice what was ever seen.
func (p Probe) Wait() time.Duration {
	if p.Mode != Readback {
		return 0
	}
	return max(leastWait, 3*p.Delay)
}

// ProbeStore finds out what the target does and keeps the result in it.
func ProbeStore(ctx context.Context, t Target) (Probe, error) {
	writer, reader := t.dial(), t.another()
	p := Probe{At: time.Now().UTC().Truncate(time.Second)}
	scratch := "probe-" + newName() + "/"
	err := p.conditional(ctx, writer, scratch)
	if err == nil {
		err = p.visible(ctx, writer, reader, scratch)
	}
	if clean := removeAll(ctx, writer, scratch); err == nil {
		err = clean
	}
	if err != nil {
		return Probe{}, fmt.Errorf("probe %s: %w", t, err)
	}
	switch {
	case !p.Visible:
		p.Mode = Manual
	case p.Conditional:
		p.Mode = Once
	default:
		p.Mode = Readback
	}
	return p, KeepProbe(ctx, t, p)
}

// KeepProbe makes p the result that everybody goes by from their next start on.
// To rely on less than the store does is always safe.
func KeepProbe(ctx context.Context, t Target, p Probe) error {
	return (&place{target: t, bucket: t.dial()}).putJSON(ctx, probeKey, p, false)
}

func (p *Probe) conditional(ctx context.Context, b bucket, scratch string) error {
	p.Conditional = true
	for i := range probeRaces {
		key := fmt.Sprintf("%srace-%d", scratch, i)
		var wg sync.WaitGroup
		errs := make([]error, probeRacers)
		for j := range probeRacers {
			wg.Go(func() { errs[j] = b.putNew(ctx, key, bytes.NewReader([]byte{byte(j)})) })
		}
		wg.Wait()
		won, winner := 0, -1
		for j, err := range errs {
			if err == nil {
				won, winner = won+1, j
			} else if !errors.Is(err, errExists) && status(err) != 409 && i == 0 && j == 0 && !refusesCondition(err) {
				return err
			}
		}
		text, err := read(ctx, b, key)
		if errors.Is(err, os.ErrNotExist) {
			p.Conditional = false
			return nil
		}
		if err != nil {
			return err
		}
		if won != 1 || len(text) != 1 || int(text[0]) != winner || !errors.Is(b.putNew(ctx, key, bytes.NewReader(nil)), errExists) {
			p.Conditional = false
			return nil
		}
	}
	return nil
}

// refusesCondition: some stores answer 400 or 501 to what they do not know.
func refusesCondition(err error) bool {
	s := status(err)
	return s == 400 || s == 501
}

func (p *Probe) visible(ctx context.Context, writer, reader bucket, scratch string) error {
	for i := range probeRounds {
		key := fmt.Sprintf("%sseen-%03d", scratch, i)
		// Whoever asked before it was there must not go on being told so.
		if _, _, err := reader.get(ctx, key, 0, 0); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("an object that is not there: got %w", err)
		}
		if err := writer.put(ctx, key, bytes.NewReader([]byte("x"))); err != nil {
			return err
		}
		written := time.Now()
		for first := true; ; first = false {
			seen, err := p.seen(ctx, reader, scratch, key)
			if err != nil {
				return err
			}
			if seen && first {
				break
			}
			late := time.Since(written)
			if seen {
				p.Delay = max(p.Delay, late)
				break
			}
			if late > probePatience {
				return nil // Visible stays false
			}
			if err := sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	p.Visible = true
	return nil
}

func (*Probe) seen(ctx context.Context, b bucket, scratch, key string) (bool, error) {
	if _, err := read(ctx, b, key); errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	objects, err := b.list(ctx, scratch+"seen-", "")
	return err == nil && len(objects) > 0 && objects[len(objects)-1].key == key, err
}

func removeAll(ctx context.Context, b bucket, prefix string) error {
	objects, err := b.list(ctx, prefix, "")
	if err != nil {
		return err
	}
	var keys []string
	for _, o := range objects {
		keys = append(keys, o.key)
	}
	if len(keys) == 0 {
		return nil
	}
	if err := b.remove(ctx, keys); err != nil {
		return err
	}
	if f, ok := b.(limited); ok {
		if dir, ok := f.bucket.(folder); ok {
			return removeIfThere(dir.path(prefix))
		}
	}
	return nil
}

// KeptProbe returns the result that is kept in the target, or false.
func KeptProbe(ctx context.Context, t Target) (Probe, bool, error) {
	var p Probe
	err := (&place{target: t, bucket: t.dial()}).getJSON(ctx, probeKey, &p)
	if errors.Is(err, os.ErrNotExist) {
		return Probe{}, false, nil
	}
	return p, err == nil, err
}

// probed returns the kept result, or finds one and keeps it. A folder always
// knows write-once files.
func probed(ctx context.Context, t Target) (Probe, error) {
	if t.Folder() != "" {
		return Probe{Mode: Once, Conditional: true, Visible: true}, nil
	}
	p, ok, err := KeptProbe(ctx, t)
	if err == nil && !ok {
		p, err = ProbeStore(ctx, t)
	}
	return p, err
}
