package replica

import (
	"context"
	"fmt"

	"github.com/superfly/ltx"

	"madoguchi/store/crypt"
)

// Seizure is an epoch that was begun to take over from another server, before
// there is a database to go on with.
type Seizure struct {
	// Base is the epoch that it continues, and Last its last file that counts.
	Base Epoch
	Last ltx.TXID

	turn  turn
	node  string
	place *place
}

// Epoch names the epoch that was begun.
func (s Seizure) Epoch() string { return s.turn.Epoch }

// Seize begins the next epoch: from its return on, no other server can have a
// write confirmed that is not in the base. It fails with ErrNoCopies where
// there is nothing to take over. With another error the seizure still tells the
// epoch, if one was begun: nobody else serves in it.
func Seize(ctx context.Context, t Target) (Seizure, error) {
	p, err := t.open(ctx, crypt.ID{})
	if err != nil {
		return Seizure{}, err
	}
	all, err := p.claims(ctx, Epoch{})
	if err != nil {
		return Seizure{}, err
	}
	if len(all) == 0 {
		return Seizure{}, ErrNoCopies
	}
	probe, err := probed(ctx, t)
	if err != nil {
		return Seizure{}, err
	}
	s := Seizure{node: newNode(), turn: turn{Target: t.String(), Expect: all[len(all)-1].String(), Mode: probe.Mode}}
	if p.keys != nil {
		s.turn.Key = p.keys.Current.ID.String()
	}
	e, b, err := p.acquire(ctx, s.node, probe, func(next Epoch) error {
		s.turn.Epoch = next.String()
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("take over at %s: %w", t, err)
	}
	if b.txid == 0 {
		return Seizure{}, fmt.Errorf("take over at %s: %w", t, ErrNoCopies)
	}
	s.Base, s.Last, s.place = b.epoch, b.txid, p
	s.turn.Epoch, s.turn.Held = e.String(), true
	s.turn.Base, s.turn.BaseTXID = b.epoch.String(), uint64(b.txid)
	return s, nil
}

// KeepAlive says every other second that the take-over goes on, until ctx ends:
// the others must not think that this machine is lost while it brings the
// database back.
func (s Seizure) KeepAlive(ctx context.Context, policy Policy) {
	for count := int64(1); ctx.Err() == nil; count++ {
		b := Beat{Epoch: s.turn.Epoch, Counter: -count, Policy: policy}
		// Without it the others only wait for less time.
		_ = s.place.putJSON(ctx, beatFolder+s.node+".json", b, false)
		_ = sleep(ctx, beatEvery)
	}
}

// Write puts the seizure beside a database that was restored from its base: the
// server that starts on it goes on in the epoch that was begun.
func (s Seizure) Write(meta string) error {
	if err := s.turn.write(meta); err != nil {
		return err
	}
	return writeWhole(nodeFile(meta), []byte(s.node+"\n"))
}

// Standing tells how the target stands, for a server that may take over.
type Standing struct {
	Newest Epoch  // the newest epoch that was begun, zero for none
	Beat   Beat   // of that epoch's server
	Mode   Mode   // how that server is fenced
	Policy Policy // when that server answers writes
	Mine   bool   // it is the epoch of the database beside meta
}

// Look asks the target who is serving.
func Look(ctx context.Context, t Target, meta string) (Standing, error) {
	p := &place{target: t, bucket: t.dial()}
	all, err := p.claims(ctx, Epoch{})
	if err != nil || len(all) == 0 {
		return Standing{}, err
	}
	s := Standing{Newest: all[len(all)-1]}
	var c claim
	if err := p.getJSON(ctx, claimFolder+s.Newest.String(), &c); err != nil {
		return Standing{}, err
	}
	s.Mode = c.Mode
	beats, err := p.beats(ctx)
	if err != nil {
		return Standing{}, err
	}
	s.Beat = beats[s.Newest.Node]
	s.Policy = s.Beat.Policy
	own, err := readTurn(meta)
	s.Mine = own.Target == t.String() && own.Epoch == s.Newest.String()
	return s, err
}
