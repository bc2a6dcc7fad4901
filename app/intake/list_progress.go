package intake

import (
	"context"

	"madoguchi/app/problem"
	"madoguchi/store"
)

// Step is what is being done with a list.
type Step string

// The steps that take time on a long list.
const (
	Matching   Step = "matching"
	Keeping    Step = "keeping" // what matching has found
	Applying   Step = "applying"
	TakingBack Step = "taking_back"
)

// Label is the step's name on the screen.
func (s Step) Label() string {
	return map[Step]string{Matching: "突合しています", Keeping: "突合の結果を書き込んでいます", Applying: "反映しています", TakingBack: "元に戻しています"}[s]
}

// Progress is how far a step has come. It is kept in memory: one transaction
// shows nothing of it to others, and after a restart nothing is under way.
type Progress struct {
	Step Step
	Done int // rows
}

// Progress tells what is being done with a file; ok is false when nothing is.
func (r *Runner) Progress(ref store.Ref) (p Progress, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.busy[ref]; b != nil {
		return *b, true
	}
	return p, false
}

func (r *Runner) begin(ref store.Ref, step Step) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[ref] != nil {
		return false
	}
	r.busy[ref] = &Progress{Step: step}
	delete(r.ended, ref)
	return true
}

func (r *Runner) end(ref store.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, ref)
}

func (r *Runner) at(ref store.Ref, step Step, done int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.busy[ref]; p != nil {
		p.Step, p.Done = step, done
	}
}

// Write does something with a whole file in one transaction, in the background:
// do is Apply or TakeBack. ended is closed at its end, after which Ended tells
// how it went. It is false when something is being done with the file already.
func (r *Runner) Write(ref store.Ref, step Step, do func(*store.Tx) error) (ended <-chan struct{}, begun bool) {
	if !r.begin(ref, step) {
		return nil, false
	}
	done := make(chan struct{})
	r.wait.Go(func() {
		defer close(done)
		defer r.end(ref)
		err := r.st.Write(context.Background(), do)
		if _, expected := problem.As(err); err != nil && !expected {
			r.log.Error("write list", "step", step, "error", err)
			err = ListNotWritten
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended[ref] = Ended{Step: step, Err: err}
	})
	return done, true
}

// Ended is how a step went.
type Ended struct {
	Step Step
	Err  error // a problem, or nil
}

// Ended tells how what was last done with a file went, once.
func (r *Runner) Ended(ref store.Ref) (e Ended, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok = r.ended[ref]
	delete(r.ended, ref)
	return e, ok
}
