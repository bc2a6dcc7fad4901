package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// Alarm is something wrong that those who look after the system are told of
// (警報).
type Alarm struct {
	Kind   Kind      `json:"kind"`
	Level  Level     `json:"level"`
	Text   string    `json:"text"`
	Since  time.Time `json:"since"`
	GoneAt time.Time `json:"gone_at"` // since when it is good again; zero while it is not
	ToldAt time.Time `json:"told_at"` // last; zero: not yet
	Times  int       `json:"times"`
	// FirstAt is when the first of those to be told was told, SecondAt when those
	// behind them were, because nobody had acknowledged it; zero: not yet.
	FirstAt  time.Time `json:"first_at"`
	SecondAt time.Time `json:"second_at"`
	By       store.Ref `json:"by"` // account of who acknowledged it
	AckAt    time.Time `json:"ack_at"`
	Event    bool      `json:"event"` // it happened; it ends when it is acknowledged
}

// Acknowledged reports whether somebody has seen to it (確認済み).
func (a Alarm) Acknowledged() bool { return !a.AckAt.IsZero() }

// message is what waits to be sent on one channel.
type message struct {
	Channel string    `json:"channel"`
	Kind    Kind      `json:"kind"`
	Phase   Phase     `json:"phase"`
	Level   Level     `json:"level"`
	Text    string    `json:"text"`
	Since   time.Time `json:"since"`
	Times   int       `json:"times"`
	At      time.Time `json:"at"`
}

// Delivery is how the latest attempt on a channel went.
type Delivery struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"` // "": it arrived
}

// state is what a restart must not lose. It stands in a file beside the
// database: alarms are needed most when the database or its copies are what is
// wrong.
type state struct {
	Alarms  []Alarm             `json:"alarms"`
	Waiting []message           `json:"waiting"`
	Last    map[string]Delivery `json:"last"` // by channel
}

func stateFile(folder string) string { return filepath.Join(folder, "alarms.json") }

// readState starts anew where the file is damaged: what is still wrong is found
// again.
func readState(folder string) (s state, err error) {
	text, err := os.ReadFile(stateFile(folder))
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the alarms: %w", err)
	}
	if json.Unmarshal(text, &s) != nil {
		return state{}, nil
	}
	return s, nil
}

// save is called with the lock held. A disk that is full must not keep an alarm
// from being told, so its failure is a line in the log.
func (w *Watcher) save() {
	if err := writeJSON(stateFile(w.o.Folder), w.s); err != nil {
		w.o.Log.Error("watch: keep the alarms", "error", err)
	}
}

// Alarms are those that stand, the newest first.
func (w *Watcher) Alarms() []Alarm {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.s.Alarms)
	slices.SortStableFunc(all, func(a, b Alarm) int { return b.Since.Compare(a.Since) })
	return all
}

// Acknowledged leaves the audit entry for Acknowledge.
func Acknowledged(tx *store.Tx, by audit.Actor, k Kind) error {
	return audit.Record(tx, by, audit.AlarmAcknowledged, audit.Subject{Kind: "alarm", Ref: store.Ref(k)}, nil)
}

// Tested leaves the audit entry for Test.
func Tested(tx *store.Tx, by audit.Actor) error {
	return audit.Record(tx, by, audit.AlarmTested, audit.Subject{Kind: "alarm"}, nil)
}

// Acknowledge ends the repetitions of an alarm; an event ends with it.
func (w *Watcher) Acknowledge(k Kind, by store.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	for i := range w.s.Alarms {
		if a := &w.s.Alarms[i]; a.Kind == k && !a.Acknowledged() {
			a.By, a.AckAt = by, now
		}
	}
	w.s.Alarms = slices.DeleteFunc(w.s.Alarms, func(a Alarm) bool { return a.Event && a.Acknowledged() })
	w.s.Waiting = slices.DeleteFunc(w.s.Waiting, func(m message) bool { return m.Kind == k && m.Phase == Again })
	w.save()
}

// Happened raises an alarm for what does not last, such as a take-over.
func (w *Watcher) Happened(k Kind, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.s.Alarms = slices.DeleteFunc(w.s.Alarms, func(a Alarm) bool { return a.Kind == k })
	w.s.Alarms = append(w.s.Alarms, Alarm{Kind: k, Level: Urgent, Text: text, Since: w.now(), Event: true})
	w.save()
}
