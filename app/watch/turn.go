package watch

import (
	"context"
	"slices"
	"time"

	"madoguchi/app/jp"
)

const (
	// turnEvery is how often everything is looked at.
	turnEvery = 10 * time.Second
	// calm is how long something must be good for its alarm to end: what comes
	// and goes is one alarm, not many.
	calm          = time.Minute
	defaultRepeat = 30 * time.Minute
	// defaultAfter is how long those who look after the system have before others
	// are told as well.
	defaultAfter = time.Hour
	// noticeRepeat is for what can wait: once a day is a reminder, more is noise.
	noticeRepeat = 24 * time.Hour
	sendTime     = 15 * time.Second
	// sendAgain is how long a channel rests that did not take a message.
	sendAgain = time.Minute
)

// Phase is what a message says of its alarm.
type Phase string

// The phases.
const (
	First Phase = "first"
	Again Phase = "again" // nobody has acknowledged it yet
	// Second: nobody has acknowledged it for so long that others are told too.
	Second Phase = "second"
	Over   Phase = "over"
	Trial  Phase = "test"
)

func (p Phase) label() string {
	return map[Phase]string{First: "警報", Again: "警報（未確認）", Second: "警報（だれも確認していません）", Over: "復旧", Trial: "試験"}[p]
}

// calls reports whether somebody is to do something.
func (p Phase) calls() bool { return p == First || p == Again || p == Second }

// Run looks at everything again and again until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(turnEvery)
	defer tick.Stop()
	for {
		w.Turn(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Turn looks once and tells what is due.
func (w *Watcher) Turn(ctx context.Context) {
	m := w.Measure(ctx)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	w.note(w.Judge(m), m.At)
	w.due(m.At)
	w.save()
	w.mu.Unlock()
	w.deliver(ctx)
}

// Succeeded tells that another server has taken over. It measures nothing: this
// machine is to stand by as soon as it can.
func (w *Watcher) Succeeded(ctx context.Context) {
	if len(w.o.channels()) == 0 {
		return
	}
	w.mu.Lock()
	now := w.now()
	w.s.Alarms = slices.DeleteFunc(w.s.Alarms, func(a Alarm) bool { return a.Kind == Fenced })
	w.s.Alarms = append(w.s.Alarms, Alarm{Kind: Fenced, Level: Urgent, Text: fencedText, Since: now})
	w.due(now)
	w.save()
	w.mu.Unlock()
	w.deliver(ctx)
}

// note opens, continues and ends alarms.
func (w *Watcher) note(findings []Finding, now time.Time) {
	wrong := map[Kind]Finding{}
	for _, f := range findings {
		if f.Level.Wrong() {
			wrong[f.Kind] = f
		}
	}
	for i := range w.s.Alarms {
		a := &w.s.Alarms[i]
		f, is := wrong[a.Kind]
		delete(wrong, a.Kind)
		switch {
		case a.Event:
		case is:
			if f.Level == Urgent && a.Level == Notice {
				// worse than what was seen
				a.ToldAt, a.FirstAt, a.SecondAt, a.AckAt, a.By = time.Time{}, time.Time{}, time.Time{}, time.Time{}, ""
			}
			a.Level, a.Text, a.GoneAt = f.Level, f.Text, time.Time{}
		case a.GoneAt.IsZero():
			a.GoneAt = now
		}
	}
	for _, f := range findings {
		if _, new := wrong[f.Kind]; !new {
			continue
		}
		a := Alarm{Kind: f.Kind, Level: f.Level, Text: f.Text, Since: f.Since}
		if a.Since.IsZero() {
			a.Since = now
		}
		w.s.Alarms = append(w.s.Alarms, a)
	}
}

// due puts what is to be told into the queue of each channel, and lets go of
// what is over.
func (w *Watcher) due(now time.Time) {
	keep := w.s.Alarms[:0]
	for _, a := range w.s.Alarms {
		if !a.GoneAt.IsZero() && now.Sub(a.GoneAt) >= calm {
			if a.Times > 0 {
				w.queue(a, Over, now)
			}
			continue
		}
		repeat := w.o.Repeat
		if a.Level == Notice {
			repeat = noticeRepeat
		}
		waits := a.Level == Notice && w.o.Quiet.holds(now)
		switch {
		case waits || a.Acknowledged() || !a.GoneAt.IsZero():
		case a.ToldAt.IsZero():
			a.ToldAt, a.FirstAt, a.Times = now, now, a.Times+1
			w.queue(a, First, now)
		case a.Level == Urgent && a.SecondAt.IsZero() && w.o.Second.any() && now.Sub(a.FirstAt) >= w.o.After:
			a.ToldAt, a.SecondAt, a.Times = now, now, a.Times+1
			w.queue(a, Second, now)
		case now.Sub(a.ToldAt) >= repeat:
			a.ToldAt, a.Times = now, a.Times+1
			w.queue(a, Again, now)
		}
		keep = append(keep, a)
	}
	w.s.Alarms = keep
}

// queue replaces what still waits about the same alarm: the newest is what
// counts. Those of the second tier hear of what they were called for only.
func (w *Watcher) queue(a Alarm, p Phase, now time.Time) {
	for _, c := range w.o.channels() {
		if c.second && a.SecondAt.IsZero() {
			continue
		}
		w.s.Waiting = slices.DeleteFunc(w.s.Waiting, func(m message) bool { return m.Channel == c.name && m.Kind == a.Kind })
		w.s.Waiting = append(w.s.Waiting, message{Channel: c.name, Kind: a.Kind, Phase: p, Level: a.Level, Text: a.Text, Since: a.Since, Times: a.Times, At: now})
	}
}

// deliver sends what waits. The lock is not held while it does.
func (w *Watcher) deliver(ctx context.Context) {
	for _, c := range w.o.channels() {
		for {
			m, ok := w.next(c)
			if !ok {
				break
			}
			why := c.deliver(ctx, m)
			if ctx.Err() != nil && why != "" {
				return
			}
			w.noted(c, m, why)
			if why != "" {
				break
			}
		}
	}
}

func (w *Watcher) next(c channel) (message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := w.s.Last[c.name]; last.Why != "" && w.now().Sub(last.At) < sendAgain {
		return message{}, false
	}
	i := slices.IndexFunc(w.s.Waiting, func(m message) bool { return m.Channel == c.name })
	if i < 0 {
		return message{}, false
	}
	return w.s.Waiting[i], true
}

func (w *Watcher) noted(c channel, m message, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s.Last == nil {
		w.s.Last = map[string]Delivery{}
	}
	w.s.Last[c.name] = Delivery{At: w.now(), Why: why}
	if why == "" {
		w.s.Waiting = slices.DeleteFunc(w.s.Waiting, func(x message) bool { return x == m })
	} else {
		w.o.Log.Error("watch: an alarm was not delivered", "channel", c.kind, "kind", string(m.Kind), "why", why)
	}
	w.save()
}

// Quiet are the hours of the night in which only what is urgent is told
// (静かな時間); From equal to To means none.
type Quiet struct{ From, To jp.Clock }

func (q Quiet) holds(t time.Time) bool {
	t = t.In(jp.Tokyo)
	c := jp.Clock(t.Hour()*60 + t.Minute())
	if q.From <= q.To {
		return q.From <= c && c < q.To
	}
	return c >= q.From || c < q.To
}
