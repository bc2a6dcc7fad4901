package attempt_test

import (
	"fmt"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/store"
)

func TestManyFailuresSlowEverybodyDownAndLockNobodyOut(t *testing.T) {
	st, clock := apptest.Store(t)
	brake := func() (wait time.Duration) {
		t.Helper()
		apptest.Read(t, st, func(tx *store.Tx) (err error) {
			wait, err = attempt.Brake(tx)
			return err
		})
		return wait
	}
	fail := func(from, to int) {
		t.Helper()
		apptest.Write(t, st, func(tx *store.Tx) error {
			for n := from; n < to; n++ {
				if _, err := attempt.Failed(tx, attempt.On("notice", fmt.Sprint(n))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	fail(0, 100)
	if got := brake(); got != 0 {
		t.Errorf("got %v after a hundred failures, want no wait", got)
	}
	fail(100, 150)
	if got := brake(); got != 500*time.Millisecond {
		t.Errorf("got %v after 150 failures, want half a second", got)
	}
	fail(150, 1000)
	if got := brake(); got != 2*time.Second {
		t.Errorf("got %v after a thousand failures, want two seconds at most", got)
	}
	clock.Advance(attempt.Window + time.Second)
	if got := brake(); got != 0 {
		t.Errorf("got %v later, want no wait", got)
	}
}

func TestGuardCountsEachSubjectAndForgetsTheFirst(t *testing.T) {
	st, _ := apptest.Store(t)
	number, browser := attempt.On("notice", "x"), attempt.Browser("b")
	guard := func(right bool, subjects ...attempt.Subject) (ok bool) {
		t.Helper()
		apptest.Write(t, st, func(tx *store.Tx) (err error) {
			ok, _, err = attempt.Guard(tx, func() (bool, error) { return right, nil }, subjects...)
			return err
		})
		return ok
	}
	for range attempt.Most - 1 {
		guard(false, number, browser)
	}
	if !guard(true, number, browser) {
		t.Fatal("who knows it is refused before there were too many failures")
	}
	for range attempt.Most {
		guard(false, number, "")
	}
	if guard(true, number, "") {
		t.Error("a blocked number lets someone in")
	}
	if !guard(true, attempt.On("notice", "y"), browser) {
		t.Error("the browser is blocked after less than its own number of failures")
	}
}
